#!/usr/bin/env python3
"""openapi.json -> weak handlers that answer NOT_SUPPORTED, in the place of those that are not written yet.

For the time until all are: whoever adds an operation to the document does not break the build of the others.
"""
import json
import sys

source, out = sys.argv[1:]
with open(source, encoding="utf-8") as f:
    paths = json.load(f)["paths"].values()
with open(out, "w", encoding="utf-8") as f:
    f.write('#include "api_gen.h"\n\n')
    for operation in (o for path in paths for o in path.values()):
        f.write(f"__attribute__((weak)) struct result api_{operation['operationId']}(struct call *call)\n"
                "{\n    return FAIL(ERROR_NOT_SUPPORTED);\n}\n\n")
