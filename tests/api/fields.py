"""Every field of a document, at, below and beyond its limits.

Document.cases() yields, for each operation and each field of its body, path, query and head, one request with
one fault and the error that names it, and requests whose field lies on a limit and which must pass. Whoever has a
server gives it the requests: the engine alone (test_fields.py), or a whole system.
"""
import base64
import json
import urllib.parse

SAMPLES = {"id": "00000000000000000000000004", "credit-code": "91350100M000100Y43", "mobile": "13800138000"}
CHARACTERS = {"plain": "虎", "lines": "符", "digits": "1", "application-number": "1", "hex": "a", "serial": "a", "card-serial": "A",
              "cursor": "c", "document-number": "1", "tax-number": "1", "waybill": "1"}
FIELD_ERRORS = {"FIELD_UNKNOWN", "FIELD_REPEATED", "FIELD_MISSING", "FIELD_TYPE", "FIELD_LENGTH", "FIELD_RANGE", "FIELD_CHOICE",
                "FIELD_FORMAT", "FIELD_CONTROL"}


def email(length):
    """An address of LENGTH characters, 5 at least."""
    local = min(64, max(length, 5) - 4)
    rest = max(length, 5) - local - 3  # what stands between the @ and the last label
    domain = ""
    while rest > 60:
        domain += "b" * 50 + "."
        rest -= 51
    return "a" * local + "@" + domain + "b" * rest + ".c"


def text(schema, length):
    """A good text of LENGTH characters, or of the nearest length that the format allows."""
    form = schema.get("format", "plain")
    if "enum" in schema:
        return schema["enum"][0]
    if form == "email":
        return email(length)
    if form == "byte":
        return base64.b64encode(b"\xa5" * (length // 4 * 3)).decode()
    if form == "hex":
        length += length % 2
    return SAMPLES.get(form) or CHARACTERS[form] * length


def good(schema):
    if schema["type"] == "string":
        return text(schema, max(schema.get("minLength", 0), min(schema["maxLength"], 8)))
    if schema["type"] == "integer":
        return schema["minimum"]
    if schema["type"] == "array":
        return [good(schema["items"])] * max(1, schema.get("minItems", 0))
    return True


def bad_texts(schema):
    """(why, value, error) of a text that is one by its type."""
    form, least, most = schema.get("format", "plain"), schema.get("minLength", 0), schema["maxLength"]
    some = good(schema)
    if least > 0:
        yield "below its length", (some * most)[:least - 1], "FIELD_LENGTH"
    yield "beyond its length", (some + "1" * most)[:most + 1], "FIELD_LENGTH"
    for control in "\x01", "\x1f", "\x7f", "\u0085", "\r" if form == "lines" else "\n":
        yield f"control character {ord(control):x}", control + some[1:], "FIELD_CONTROL"
    if "enum" in schema:
        yield "no choice", some[:-1] + "~", "FIELD_CHOICE"
        yield "empty choice", "", "FIELD_CHOICE"
    elif form not in ("plain", "lines"):
        yield "not its format", some[:-1] + "虎", "FIELD_FORMAT"
        yield "blank in it", " " + some[1:], "FIELD_FORMAT"


def bad(schema):
    others = {"string": [7, True, None, [], {}, 1.5], "integer": ["7", 1.5, True, None, [], {}],
              "boolean": [1, 0, "true", None, []], "array": ["a", 1, None, {}, [1], [None]]}[schema["type"]]
    for value in others:
        yield f"type of {value!r}", value, "FIELD_TYPE"
    if schema["type"] == "string":
        yield from bad_texts(schema)
    if schema["type"] == "integer":
        yield "below its range", schema["minimum"] - 1, "FIELD_RANGE"
        yield "beyond its range", schema["maximum"] + 1, "FIELD_RANGE"
    if schema["type"] == "array":
        if schema.get("minItems"):
            yield "too few", [good(schema["items"])] * (schema["minItems"] - 1), "FIELD_LENGTH"
        yield "too many", [good(schema["items"])] * (schema["maxItems"] + 1), "FIELD_LENGTH"
        for why, value, error in bad_texts(schema["items"]):
            yield f"item {why}", [value], error


def limits(schema):
    """(why, value) that lie just within."""
    if schema["type"] == "integer":
        yield "least", schema["minimum"]
        yield "most", schema["maximum"]
    elif schema["type"] == "boolean":
        yield "true", True
        yield "false", False
    elif schema["type"] == "array":
        yield "most", [text(schema["items"], schema["items"]["maxLength"])] * schema["maxItems"]
        yield "least", [text(schema["items"], schema["items"].get("minLength", 0))] * schema.get("minItems", 0)
    elif "enum" in schema:
        for choice in schema["enum"]:
            yield choice, choice
    else:
        yield "shortest", text(schema, schema.get("minLength", 0))
        yield "longest", text(schema, schema["maxLength"])


class Case:
    """A request, and the error it must give: None if it must pass the checks of fields."""

    def __init__(self, operation, why, error=None, field=None):
        self.operation, self.why, self.error, self.field = operation, why, error, field
        self.params = {p["name"]: good(p["schema"]) for p in operation.params}
        self.body = {name: good(s) for name, s in operation.fields.items()} if operation.fields is not None else None
        self.raw = None  # instead of BODY

    def __str__(self):
        return f"{self.operation.id}: {self.field or ''} {self.why}"

    def target(self):
        path, query = self.operation.path, []
        for p in self.operation.params:
            if p["name"] not in self.params or p["in"] == "header":
                continue
            value = urllib.parse.quote(str(self.params[p["name"]]), safe="")
            if p["in"] == "path":
                path = path.replace("{" + p["name"] + "}", value)
            else:
                query.append(f"{p['name']}={value}")
        return path + ("?" + "&".join(query) if query else "")

    def payload(self):
        """Bytes, None if the operation takes none."""
        if self.raw is not None:
            return self.raw
        if self.body is not None:
            return json.dumps(self.body).encode()
        return b"x" if self.operation.kind in ("raw", "upload") else None

    def headers(self):
        found = {p["name"]: str(self.params[p["name"]]) for p in self.operation.params
                 if p["in"] == "header" and p["name"] in self.params}
        if self.operation.kind != "none":
            found["Content-Type"] = "application/json" if self.operation.kind == "json" else "application/octet-stream"
        return found


class Operation:
    def __init__(self, document, path, method, o):
        self.id, self.path, self.method = o["operationId"], path, method.upper()
        self.host, self.access, self.roles = o["x-host"], o["x-access"], o.get("x-roles", [])
        self.kind, self.limit = o.get("x-body", "none"), o.get("x-limit", 65536)
        self.params = o.get("parameters", [])
        self.fields, self.required = None, []
        if self.kind == "json":
            name = o["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
            schema = document["components"]["schemas"][name]
            self.fields, self.required = schema["properties"], schema.get("required", [])

    def body_cases(self):
        for name, schema in self.fields.items():
            for why, value, error in bad(schema):
                case = Case(self, why, error, name)
                case.body[name] = value
                yield case
            for why, value in limits(schema):
                case = Case(self, why)
                case.body[name] = value
                yield case
            case = Case(self, "missing", "FIELD_MISSING" if name in self.required else None, name)
            del case.body[name]
            yield case
            case = Case(self, "twice", "FIELD_REPEATED", name)
            case.raw = case.payload()[:-1] + b"," + json.dumps({name: case.body[name]}).encode()[1:]
            yield case
        case = Case(self, "a field too many", "FIELD_UNKNOWN", "surplus")
        case.body["surplus"] = 1
        yield case
        for why, before, after in ("trailing data", b"", b"{}"), ("byte order mark", b"\xef\xbb\xbf", b""), ("array", b"[", b"]"):
            case = Case(self, why, "JSON_MALFORMED")
            case.raw = before + case.payload() + after
            yield case

    def param_cases(self):
        for p in self.params:
            name, schema = p["name"], p["schema"]
            for why, value, error in bad_texts(schema):
                if p["in"] == "path" and value == "":
                    continue  # another path
                if p["in"] == "header" and (not value.isascii() or value.strip() != value or error == "FIELD_CONTROL"):
                    continue  # no field of a head holds any, and blanks around it are none of it
                hidden = p["in"] == "path" and error == "FIELD_CONTROL"  # no path holds any: refused before fields are seen
                case = Case(self, why, *(("REQUEST_MALFORMED",) if hidden else (error, name)))
                case.params[name] = value
                yield case
            for why, value in limits(schema):
                case = Case(self, why)
                case.params[name] = value
                yield case
            if p["in"] != "path":
                case = Case(self, "missing", "FIELD_MISSING" if p.get("required") else None, name)
                del case.params[name]
                yield case

    def cases(self):
        yield Case(self, "all good")
        yield from self.param_cases()
        if self.fields is not None:
            yield from self.body_cases()


class Document:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            document = json.load(f)
        self.operations = [Operation(document, path, method, o) for path, methods in document["paths"].items()
                           for method, o in methods.items()]

    def cases(self):
        for operation in self.operations:
            yield from operation.cases()


def verdict(case, answer):
    """What is wrong with ANSWER (a status and the error's fields), "" if nothing. The checks of fields come before
    the rules, so a request that passes them may still fail, but not by a field's form."""
    status, error = answer
    if case.error:
        told = (status, error.get("name"), error.get("field"))
        return "" if told == (400, case.error, case.field) else f"{told} instead of {case.error}"
    form = error.get("name") in FIELD_ERRORS or error.get("name") == "JSON_MALFORMED"
    return f"{error}" if form and "detail" not in error or status == 500 else ""
