"""What a card's core is made of: no allocation, no files, no clock, nothing of libc but memory functions, no variables; so
that it could live in a chip. Given: its library, that of crypto, and those whose functions it may also use."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

CORE, CRYPTO, *OTHERS = sys.argv[1:]
MEMORY = {"memcpy", "memmove", "memset", "memcmp", "memchr", "strlen"}
# Of the compiler: checks that end the program, and the arithmetic that notices an overflow.
COMPILER = re.compile(r"^(__mem(cpy|move|set)_chk|__stack_chk_fail|__assert_fail|__(add|sub|mul|neg)v[sd]i[23]|_GLOBAL_OFFSET_TABLE_|"
                      r"__(asan|ubsan|gcov)_\w+)$")
# What a chip's own program calls (token/card/card.h): all else follows from it.
ENTRIES = "card_init", "card_reset", "card_done", "card_exchange"
NOT_IN_A_CHIP = re.compile(r"^(arena|clock|random|log|text|diag)_")


def symbols(*command):
    done = subprocess.run(("nm", *command), check=True, capture_output=True, text=True).stdout
    return {tuple(line.split()[-2:]) for line in done.splitlines() if len(line.split()) >= 2}


class Core(unittest.TestCase):
    def test_it_needs_nothing_but_memory_functions(self):
        defined = {name for library in (CORE, CRYPTO, *OTHERS) for _, name in symbols("--defined-only", library)}
        for library in CORE, CRYPTO:
            wanted = {name for _, name in symbols("-u", library)}
            self.assertIn("secret_wipe", wanted)
            self.assertEqual({n for n in wanted - defined - MEMORY if not COMPILER.match(n)}, set(), library)
            self.assertEqual({n for n in wanted if NOT_IN_A_CHIP.match(n)}, set(), library)

    def test_linked_as_in_a_chip_nothing_else_is_missing(self):
        """The whole of it, down to the last function: linked without any library of the system."""
        with tempfile.TemporaryDirectory() as folder:
            image = os.path.join(folder, "chip")
            done = subprocess.run(["ld", "-static", "--gc-sections", "--warn-unresolved-symbols", "-e", ENTRIES[0],
                                   *(w for e in ENTRIES for w in ("-u", e)), "-o", image, "--start-group", CORE, CRYPTO, *OTHERS],
                                  check=True, capture_output=True, text=True)
            missing = set(re.findall(r"undefined reference to `(\w+)'", done.stderr))
            linked = {name for _, name in symbols("--defined-only", image)}
        self.assertIn("memcpy", missing)
        self.assertEqual({n for n in missing - MEMORY if not COMPILER.match(n)}, set())
        self.assertLessEqual({*ENTRIES, "sm2_sign", "reader_end"}, linked)
        self.assertEqual({n for n in linked if NOT_IN_A_CHIP.match(n)}, set())

    def test_it_has_no_variables(self):
        for library in CORE, CRYPTO:
            told = subprocess.run(("size", "-A", library), check=True, capture_output=True, text=True).stdout
            sizes = re.findall(r"^\.t?(?:data|bss)(?:\.(?!rel\.ro)\S+)?\s+(\d+)", told, re.M)
            self.assertGreater(len(sizes), 10)
            self.assertEqual(set(sizes), {"0"}, library)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
