#!/usr/bin/env python3
"""openapi.json -> a handler for each operation that answers with the operation's status and no body."""
import json
import sys

source, out = sys.argv[1:]
with open(source, encoding="utf-8") as f:
    paths = json.load(f)["paths"].values()
with open(out, "w", encoding="utf-8") as f:
    f.write('#include "api_gen.h"\n\n')
    for operation in (o for path in paths for o in path.values()):
        f.write(f"struct result api_{operation['operationId']}(struct call *call)\n{{\n    return OK;\n}}\n\n")
