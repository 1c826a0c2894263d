#!/usr/bin/env python3
"""api/openapi.json -> api_gen.h, api_gen.c: structs, shapes, checks and the table of operations.

Makes tables only. What the document says beyond what the tables can hold ends the build, so that nothing
in it is quietly not enforced.
"""
import json
import re
import sys

FORMATS = ["application-number", "byte", "card-serial", "credit-code", "cursor", "digits", "document-number", "email",
           "hex", "id", "lines", "mobile", "plain", "serial", "tax-number", "waybill"]
HOSTS = {"portal": "CALL_HOST_PORTAL", "console": "CALL_HOST_CONSOLE", "platform": "CALL_HOST_PLATFORM",
         "any": "CALL_HOST_ANY"}
ACCESS = ["public", "any", "holder", "operator", "platform"]
BODIES = ["none", "json", "raw", "upload"]
PLACES = ["path", "query", "header"]
HEADER_NAME = r"[A-Z][a-z]+(-[A-Z][a-z]+)*"
METHODS = ["get", "post", "put", "patch", "delete"]
SCHEMA_KEYS = {"type", "format", "minLength", "maxLength", "minimum", "maximum", "enum", "description", "items",
               "minItems", "maxItems"}
OPERATION_KEYS = {"operationId", "summary", "description", "x-host", "x-access", "x-roles", "x-rules", "x-body",
                  "x-limit",
                  "x-idempotent", "parameters", "requestBody", "responses"}
JSON_LIMIT = 64 * 1024
SAFE_INTEGER = 2 ** 53 - 1
KEYWORDS = set("""auto break case char const continue default do double else enum extern float for goto if inline int
long register return short signed sizeof static struct switch typedef union unsigned void volatile while""".split())


def fail(where, why):
    sys.exit(f"openapi.json: {where}: {why}")


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def c_text(text):
    return json.dumps(text, ensure_ascii=False)


def macro(prefix, name):
    return prefix + name.upper().replace("-", "_")


class Field:
    """One property of a record, or one parameter."""

    def __init__(self, where, name, schema, required, asked, header=False):
        self.where, self.name, self.schema, self.required = f"{where}.{name}", name, schema, required
        if not re.fullmatch(HEADER_NAME if header else r"[a-z][a-z0-9_]*", name) or name in KEYWORDS:
            fail(self.where, "not a name for a field")
        unknown = set(schema) - SCHEMA_KEYS
        if unknown:
            fail(self.where, f"{sorted(unknown)} cannot be checked")
        self.array = schema.get("type") == "array"
        self.item = schema["items"] if self.array else schema
        self.type = self.item.get("type")
        self.format = self.item.get("format", "plain")
        if self.type not in ("string", "integer", "boolean") or (self.array and self.type != "string"):
            fail(self.where, "is no text, integer, boolean or array of texts")
        if self.type == "string" and self.format not in FORMATS:
            fail(self.where, f"unknown format {self.format}")
        if self.array and (self.format in ("id", "byte", "lines") or "maxItems" not in schema):
            fail(self.where, "an array holds plain texts and has maxItems")
        if self.type == "string" and "maxLength" not in self.item:
            fail(self.where, "a text has maxLength")
        if self.type == "integer" and not {"minimum", "maximum"} <= set(self.item):
            fail(self.where, "an integer has minimum and maximum")
        if self.type == "integer" and not -SAFE_INTEGER <= self.item["minimum"] <= self.item["maximum"] <= SAFE_INTEGER:
            fail(self.where, "beyond what JavaScript can count")
        if asked and self.type == "integer" and not required and self.item["minimum"] <= 0 <= self.item["maximum"]:
            fail(self.where, "absent is 0 in C: an optional integer of a request must not allow 0")

    def kind(self):
        if self.type in ("integer", "boolean"):
            return "INT"
        return {"id": "ID", "byte": "BYTES"}.get("" if self.array else self.format, "TEXT")

    def c_member(self):
        types = {"INT": "int64_t ", "ID": "struct id ", "BYTES": "struct bytes ", "TEXT": "const char *"}
        return types[self.kind()] + self.name

    def max_bytes(self):
        if self.kind() == "BYTES":
            return self.item["maxLength"] // 4 * 3
        if self.kind() != "TEXT":
            return 0
        return (self.item["maxLength"] * 4 + self.array) * (self.schema.get("maxItems", 1))

    def check(self):
        parts = []
        if self.required:
            parts.append(".required = true")
        if self.type == "boolean":
            parts.append(".boolean = true")
        elif self.type == "integer":
            parts.append(f".min = {self.item['minimum']}, .max = {self.item['maximum']}")
            if self.name.endswith("_s"):
                parts.append(".time = true")
        else:
            parts.append(f".format = {macro('JSON_FORMAT_', self.format)}")
            parts.append(f".length_min = {self.item.get('minLength', 0)}, .length_max = {self.item['maxLength']}")
            if self.array:
                parts.append(f".items_min = {self.schema.get('minItems', 0)}, .items_max = {self.schema['maxItems']}")
            if "enum" in self.item:
                choices = ", ".join(c_text(c) for c in self.item["enum"])
                parts.append(f".choices = (const char *const[]){{ {choices}, NULL }}")
        return "{ " + ", ".join(parts) + " }"


class Document:
    def __init__(self, document):
        self.document = document
        self.schemas = document["components"]["schemas"]
        self.asked, self.used = set(), {}
        self.operations = []
        for path in sorted(document["paths"], key=lambda p: p.replace("{", "~")):
            for method, o in document["paths"][path].items():
                self.operations.append(self.operation(path, method, o))

    def ref(self, where, schema):
        match = re.fullmatch(r"#/components/schemas/(\w+)", schema.get("$ref", ""))
        if not match or match[1] not in self.schemas:
            fail(where, "a body is a $ref to a record in components.schemas")
        return match[1]

    def answer(self, where, responses):
        """Status, record and whether it is a list, of the one success."""
        success = [s for s in responses if s.startswith("2")]
        if len(success) != 1:
            fail(where, "has one success")
        content = responses[success[0]].get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if not schema:
            return int(success[0]), None, False
        if schema.get("type") != "object":
            return int(success[0]), self.ref(where, schema), False
        if set(schema["properties"]) - {"items", "next"}:
            fail(where, "a list has items and next")
        return int(success[0]), self.ref(where, schema["properties"]["items"]["items"]), True

    def operation(self, path, method, o):
        where = o.get("operationId", f"{method} {path}")
        if method not in METHODS or set(o) - OPERATION_KEYS:
            fail(where, f"{method}, {sorted(set(o) - OPERATION_KEYS)} are not known here")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", where):
            fail(where, "an operationId is in snake case")
        if not re.fullmatch(r"(/([a-z0-9-]+|v1|\{[a-z_]+\}))+", path):
            fail(where, "path")
        hosts = o["x-host"] if isinstance(o["x-host"], list) else [o["x-host"]]
        body = o.get("x-body", "none")
        if set(hosts) - set(HOSTS) or o["x-access"] not in ACCESS or body not in BODIES:
            fail(where, "x-host, x-access or x-body")
        if o.get("x-roles") and o["x-access"] != "operator":
            fail(where, "only operators have roles")
        if body in ("raw", "upload") and "x-limit" not in o:
            fail(where, f"x-body {body} has an x-limit")
        if method == "get" and (body != "none" or o.get("x-idempotent")):
            fail(where, "a GET changes nothing")
        asks = None
        if body == "json":
            asks = self.ref(where, o["requestBody"]["content"]["application/json"]["schema"])
            self.asked.add(asks)
        status, answers, is_list = self.answer(where, o["responses"])
        for name in filter(None, (asks, answers)):
            self.used[name] = None
        parameters = sorted(o.get("parameters", []), key=lambda p: p["in"] != "path")
        in_path = re.findall(r"\{([a-z_]+)\}", path)
        if sorted(in_path) != sorted(p["name"] for p in parameters if p["in"] == "path") or len(in_path) > 4:
            fail(where, "parameters of the path")
        parameters.sort(key=lambda p: in_path.index(p["name"]) if p["in"] == "path" else 99)
        params = []
        for p in parameters:
            if p["in"] not in PLACES or (p["in"] == "path" and not p.get("required")):
                fail(where, "parameters are in path, query or header, and those of the path required")
            field = Field(where, p["name"], p["schema"], p.get("required", False), False, p["in"] == "header")
            if field.type != "string" or field.array:
                fail(field.where, "a parameter is a text")
            params.append((p["in"], field))
        if len(params) > 8:
            fail(where, "too many parameters")
        return {"id": where, "method": method, "path": path, "hosts": " | ".join(HOSTS[h] for h in hosts),
                "access": o["x-access"], "roles": ",".join(o.get("x-roles", [])), "body": body,
                "limit": o.get("x-limit", JSON_LIMIT if body == "json" else 0),
                "idempotent": bool(o.get("x-idempotent")), "status": status, "asks": asks, "answers": answers,
                "list": is_list, "params": params}

    def fields(self, name):
        schema = self.schemas[name]
        unknown = set(schema) - {"type", "required", "properties", "additionalProperties", "description"}
        if unknown or schema.get("type") != "object":
            fail(name, "is no flat record")
        required = schema.get("required", [])
        if set(required) - set(schema["properties"]):
            fail(name, "requires what it does not have")
        if name in self.asked and schema.get("additionalProperties") is not False:
            fail(name, "a request says additionalProperties: false, since unknown fields are refused")
        return [Field(name, f, s, f in required, name in self.asked) for f, s in schema["properties"].items()]


def write_header(doc, f):
    f.write("/* Generated from openapi.json. */\n#pragma once\n\n#include \"web/router.h\"\n\n")
    f.write("struct call;\n\n")
    for name in doc.used:
        f.write(f"struct api_{snake(name)} {{\n")
        for field in doc.fields(name):
            note = field.item.get("description") or field.schema.get("description")
            f.write(f"    {field.c_member()};" + (f" /* {note} */" if note else "") + "\n")
        f.write(f"}};\nextern const struct shape api_{snake(name)}_shape;\n"
                f"extern const struct json_type api_{snake(name)}_type;\n\n")
    for o in doc.operations:
        f.write(f"/* {o['method'].upper()} {o['path']} */\nRESULT api_{o['id']}(struct call *call);\n")
    f.write("\nextern const struct api_operation api_operations[];\nextern const size_t api_operation_count;\n")


def write_record(doc, name, f):
    c = f"api_{snake(name)}"
    fields = doc.fields(name)
    f.write(f"static const struct shape_field {c}_fields[] = {{\n")
    for field in fields:
        f.write(f"    {{ {c_text(field.name)}, SHAPE_KIND_{field.kind()}, offsetof(struct {c}, {field.name}), "
                f"{field.max_bytes()} }},\n")
    f.write(f"}};\nconst struct shape {c}_shape = SHAPE({c_text(snake(name))}, struct {c}, {c}_fields);\n")
    f.write(f"static const struct json_check {c}_checks[] = {{\n")
    for field in fields:
        f.write(f"    {field.check()},\n")
    f.write(f"}};\nconst struct json_type {c}_type = {{ &{c}_shape, {c}_checks }};\n\n")


def write_source(doc, header, f):
    f.write(f"/* Generated from openapi.json. */\n#include \"{header}\"\n\n")
    for name in doc.used:
        write_record(doc, name, f)
    for o in doc.operations:
        if not o["params"]:
            continue
        f.write(f"static const struct api_param {o['id']}_params[] = {{\n")
        for where, field in o["params"]:
            f.write(f"    {{ {c_text(field.name)}, {macro('API_IN_', where)}, {field.check()} }},\n")
        f.write("};\n")
    f.write("\nconst struct api_operation api_operations[] = {\n")
    for o in doc.operations:
        parts = [f".id = {c_text(o['id'])}", f".method = HTTP_{o['method'].upper()}", f".path = {c_text(o['path'])}",
                 f".hosts = {o['hosts']}", f".access = {macro('API_ACCESS_', o['access'])}",
                 f".body = {macro('API_BODY_', o['body'])}", f".limit = {o['limit']}", f".status = {o['status']}",
                 f".handler = api_{o['id']}"]
        if o["roles"]:
            parts.append(f".roles = {c_text(o['roles'])}")
        if o["idempotent"]:
            parts.append(".idempotent = true")
        if o["asks"]:
            parts.append(f".asks = &api_{snake(o['asks'])}_type")
        if o["answers"]:
            parts.append(f".answers = &api_{snake(o['answers'])}_type")
        if o["list"]:
            parts.append(".answers_list = true")
        if o["params"]:
            parts.append(f".params = {o['id']}_params, .param_count = COUNT({o['id']}_params)")
        f.write("    { " + ",\n      ".join(parts) + " },\n")
    f.write("};\nconst size_t api_operation_count = COUNT(api_operations);\n")


def main(source, out_h, out_c):
    with open(source, encoding="utf-8") as f:
        doc = Document(json.load(f))
    with open(out_h, "w", encoding="utf-8") as f:
        write_header(doc, f)
    with open(out_c, "w", encoding="utf-8") as f:
        write_source(doc, out_h.rsplit("/", 1)[-1], f)


main(*sys.argv[1:])
