#!/usr/bin/env python3
"""api/openapi.json and src/base/errors.txt -> client.ts, errors.ts: what the pages know of the API.

    gen-client.py openapi.json errors.txt FOLDER

client.ts has an interface for each schema, a function for each operation and, for each schema that is
sent, the limits of its fields, so that a form checks what the server checks. errors.ts has the names and
numbers of the error table; their words come with each answer. Makes tables only.
"""
import json
import os
import re
import sys

TYPES = {"string": "string", "integer": "number", "boolean": "boolean"}
LIMITS = {"minLength": "min", "maxLength": "max", "minimum": "from", "maximum": "to", "format": "format",
          "enum": "choices"}


def camel(snake):
    return re.sub(r"_(\w)", lambda m: m.group(1).upper(), snake)


def reference(schema):
    return schema["$ref"].rsplit("/", 1)[1]


def type_of(schema):
    if "$ref" in schema:
        return reference(schema)
    if schema["type"] == "array":
        return type_of(schema["items"]) + "[]"
    if schema["type"] == "object":
        fields = [f"{n}{'' if n in schema.get('required', []) else '?'}: {type_of(s)}"
                  for n, s in schema["properties"].items()]
        return "{ " + "; ".join(fields) + " }"
    if "enum" in schema:
        return " | ".join(json.dumps(choice, ensure_ascii=False) for choice in schema["enum"])
    return TYPES[schema["type"]]


def interface(name, schema):
    lines = [f"export interface {name} {{"]
    for field, s in schema["properties"].items():
        if "description" in s:
            lines.append(f"  /** {s['description']} */")
        lines.append(f"  {field}{'' if field in schema.get('required', []) else '?'}: {type_of(s)};")
    return "\n".join(lines + ["}"])


def limits(name, schema):
    lines = []
    for field, s in schema["properties"].items():
        known = {LIMITS[k]: v for k, v in s.items() if k in LIMITS}
        known["required"] = field in schema.get("required", [])
        lines.append(f"  {field}: {json.dumps(known, ensure_ascii=False)},")
    first = name[0].lower() + name[1:]
    return "\n".join([f"export const {first}Limits = {{"] + lines + ["} as const;"])


def answer_of(operation):
    """The type of what comes back, and how the client reads it."""
    for status, response in operation["responses"].items():
        if status != "default":
            for media, content in response.get("content", {}).items():
                if media == "application/json":
                    return type_of(content["schema"]), "json"
                return ("EventSource", "events") if media == "text/event-stream" else ("Blob", "blob")
    return "void", "none"


def header_argument(name):
    return camel(name.lower().replace("-", "_"))


def operation_function(path, method, operation):
    result, kind = answer_of(operation)
    parameters = operation.get("parameters", [])
    arguments = [f"{p['name']}: {type_of(p['schema'])}" for p in parameters if p["in"] == "path"]
    headers = [p for p in parameters if p["in"] == "header"]
    query = [p for p in parameters if p["in"] == "query"]
    queries = [f"{p['name']}{'' if p['required'] else '?'}: {type_of(p['schema'])}" for p in query]
    body = operation.get("requestBody", {}).get("content", {})
    media = next(iter(body), None)
    details = []
    if media == "application/json":
        arguments.append(f"body: {type_of(body[media]['schema'])}")
        details.append("body")
    elif media:
        arguments.append("file: Blob")
        details.append("file")
        if media != "application/octet-stream":
            details.append(f"type: {json.dumps(media)}")
    if headers:
        arguments += [f"{header_argument(p['name'])}: string" for p in headers]
        pairs = ", ".join(f"{json.dumps(p['name'])}: {header_argument(p['name'])}" for p in headers)
        details.append(f"headers: {{ {pairs} }}")
    if queries:
        needed = any(p["required"] for p in query)
        arguments.append("query: { " + "; ".join(queries) + " }" + ("" if needed else " = {}"))
        details.append("query")
    target = "`" + re.sub(r"\{(\w+)\}", r"${encodeURIComponent(\1)}", path) + "`"
    name = camel(operation["operationId"])
    if kind == "events":
        return f"/** {operation['summary']} */\nexport const {name}Address = ({', '.join(arguments)}) => {target};"
    lines = [f"/** {operation['summary']} */",
             f"export const {name} = ({', '.join(arguments + ['options?: CallOptions'])}): Promise<{result}> =>",
             f"  call(\"{method.upper()}\", {target}, {{ "
             f"{', '.join(details + [f'answer: {json.dumps(kind)}'])} }}, options);"]
    return "\n".join(lines)


def client(document):
    schemas = document["components"]["schemas"]
    sent = set()
    functions = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            functions.append(operation_function(path, method, operation))
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "$ref" in content["schema"]:
                    sent.add(reference(content["schema"]))
    parts = ["/* Generated from api/openapi.json. */", 'import { call, type CallOptions } from "../src/api/call";']
    parts += [interface(n, s) for n, s in schemas.items()]
    parts += [limits(n, s) for n, s in schemas.items() if n in sent]
    return "\n\n".join(parts + functions) + "\n"


def errors(path):
    rows = []
    for line in open(path, encoding="utf-8"):
        cells = [c.strip() for c in line.split("|")]
        if len(cells) == 8 and not line.startswith("#"):
            rows.append((cells[1], int(cells[0])))
    lines = ["/* Generated from src/base/errors.txt. */", "export const errorNumbers = {"]
    lines += [f"  {name}: {number}," for name, number in rows]
    return "\n".join(lines + ["} as const;", "", "export type ErrorName = keyof typeof errorNumbers;"]) + "\n"


def main(document_path, errors_path, folder):
    os.makedirs(folder, exist_ok=True)
    with open(document_path, encoding="utf-8") as f:
        document = json.load(f)
    for name, text in (("client.ts", client(document)), ("errors.ts", errors(errors_path))):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)


main(*sys.argv[1:])
