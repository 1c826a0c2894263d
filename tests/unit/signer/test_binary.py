"""What hufu-signer is made of: no HTTP, no JSON, no SQL, no network. Given: the program."""
import re
import subprocess
import sys
import unittest

PROGRAM = sys.argv[1]
LIBRARIES = {"linux-vdso", "libseccomp", "libc", "ld-linux-x86-64", "ld-linux-aarch64"}
NETWORK = {"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "getaddrinfo", "gethostbyname",
           "sendto", "recvfrom", "inet_pton"}
OTHERS = re.compile(r"^(MHD_|json_|sqlite3_|PQ|curl_|SSL_|EVP_|X509_|http_|router_|store_)")
STARTING = {"fork", "vfork", "execve", "execvp", "execl", "execv", "posix_spawn", "system", "popen", "dlopen"}


def told(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Binary(unittest.TestCase):
    def test_libraries_are_libc_and_seccomp(self):
        names = {re.sub(r"\.so.*", "", line.split()[0].split("/")[-1]) for line in told("ldd", PROGRAM).splitlines()}
        self.assertEqual(names - LIBRARIES, set())

    def test_symbols_know_no_http_json_sql(self):
        names = {line.split()[-1].split("@")[0] for line in told("nm", PROGRAM).splitlines()}
        self.assertIn("serve", names)
        self.assertEqual({name for name in names if OTHERS.match(name)}, set())

    def test_it_cannot_reach_the_network_nor_start_anything(self):
        wanted = {line.split()[-1].split("@")[0] for line in told("nm", "-D", "--undefined-only", PROGRAM).splitlines()}
        self.assertEqual(wanted & (NETWORK | STARTING), set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
