#!/usr/bin/env python3
"""Layers: what stands below knows nothing of what stands above (ARCHITECTURE.md)."""
import os
import re
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("HUFU_BUILD", os.path.join(ROOT, "build"))

# Each with all that it may use; the order is that of meson.build.
MAY_USE = {
    "base": [],
    "crypto": ["base"],
    "pki": ["base", "crypto"],
    "merkle": ["base", "crypto", "pki"],
    "ipc": ["base", "crypto"],
    "process": ["base", "crypto"],
    "hsm": ["base", "ipc", "process"],
    "store": ["base", "crypto", "merkle"],
    "signer": ["base", "crypto", "pki", "merkle", "ipc", "process"],
    "service": ["base", "crypto", "pki", "merkle", "ipc", "store"],
    "web": ["base", "crypto", "pki", "ipc", "process", "store", "service"],
    "files": ["base", "crypto", "ipc", "process"],
    "relay": ["base", "crypto", "ipc", "process"],
    "paysim": ["base", "process", "relay"],
    "status": ["base", "crypto", "pki", "ipc", "process", "web"],
    "token": ["base", "crypto", "pki", "process"],
    "cli": ["base", "crypto", "pki", "merkle", "ipc", "process", "store", "token"],
}
# The signer parses no HTTP, no JSON, no SQL and opens no connection: such names are not even linked.
FOREIGN = re.compile(r"\b(MHD_|json_|sqlite3_|PQ[a-z]|curl_|SSL_|EVP_|getaddrinfo|connect$|socket$|bind$|listen$|accept4?$)")


def includes():
    """(layer, file, included layer) of every #include of ours."""
    for layer in sorted(os.listdir(os.path.join(ROOT, "src"))):
        for folder, _, names in os.walk(os.path.join(ROOT, "src", layer)):
            for name in sorted(names):
                if not name.endswith((".c", ".h")):
                    continue
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as f:
                    for used in re.findall(r'#include "([a-z_]+)/', f.read()):
                        yield layer, os.path.relpath(path, ROOT), used


def symbols(path, which):
    told = subprocess.run(["nm", which, path], capture_output=True, text=True, check=True).stdout
    return {re.sub(r"@.*", "", line.split()[-1]) for line in told.splitlines() if line.strip()}


class Layers(unittest.TestCase):
    def test_a_layer_uses_only_those_below(self):
        wrong = [f"{path} includes {used}/" for layer, path, used in includes()
                 if used != layer and used not in MAY_USE[layer]]
        self.assertEqual(wrong, [])

    def test_the_graph_has_no_way_up(self):
        order = list(MAY_USE)
        for layer, used in MAY_USE.items():
            for u in used:
                self.assertLess(order.index(u), order.index(layer), f"{layer} may use {u}")
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as f:
            told = re.search(r"layers = \[(.*?)\]", f.read(), re.S)[1]
        self.assertEqual(re.findall(r"'(\w+)'", told), order)

    def test_every_layer_is_known(self):
        self.assertEqual({layer for layer, _, _ in includes()} - set(MAY_USE), set())

    def test_the_signer_links_nothing_that_parses_strangers(self):
        """R-OPS-3: the process that holds the CA key has no HTTP, JSON, SQL or network in it."""
        signer = os.path.join(BUILD, "src/signer/hufu-signer")
        found = {s for s in symbols(signer, "-u") if FOREIGN.search(s)}
        self.assertEqual(found, set())

    def test_files_links_no_database_and_no_network(self):
        files = os.path.join(BUILD, "src/files/hufu-files")
        found = {s for s in symbols(files, "-u") if re.search(r"^(MHD_|json_|sqlite3_|PQ[a-z]|curl_|connect$|bind$)", s)}
        self.assertEqual(found, set())


if __name__ == "__main__":
    unittest.main()
