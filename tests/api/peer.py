"""A process of Hufu started as the supervisor would, asked by messages (tests/unit/ipc/ipc_client.c)."""
import json
import os
import subprocess
import time

BUILD = os.environ["HUFU_BUILD"]
CLIENT = os.path.join(BUILD, "tests/unit/ipc/ipc-client")
MESSAGES = {
    "inspect": (0x200, "files_inspect", "files_inspected"),
    "print": (0x201, "files_print", "files_printed"),
    "sms": (0x300, "relay_notice", "relay_sent"),
    "email": (0x301, "relay_notice", "relay_sent"),
    "order": (0x302, "relay_order", "relay_ordered"),
    "query": (0x303, "relay_query", "relay_payment"),
    "callback": (0x304, "relay_callback", "relay_payment"),
    "close": (0x305, "relay_query", "relay_payment"),
    "refund": (0x306, "relay_refund", "relay_payment"),
    "invoice": (0x307, "relay_invoice", "relay_invoiced"),
    "invoice-file": (0x308, "relay_invoice_file", "relay_file"),
}


class Peer:
    """with Peer("src/files/hufu-files") as files: files.ask("print", record, file=path)"""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen([CLIENT, os.path.join(BUILD, program), "--socket", "@", *arguments],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.sent = 0
        self.waiting = {}
        self.log = b""
        self.code = None

    def send(self, message, record, file=None, timeout_ms=60000, **other):
        """Gives the number by which answer() finds the answer."""
        number, ask, answer = MESSAGES[message] if isinstance(message, str) else message
        line = {"type": number, "ask": ask, "answer": answer, "record": record, "timeout_ms": timeout_ms, **other}
        if file is not None:
            line["file"] = file
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()
        self.sent += 1
        return self.sent - 1

    def answer(self, number):
        while number not in self.waiting:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError(self.process.stderr.read().decode())
            told = json.loads(line)
            self.waiting[told["line"]] = told
        return self.waiting.pop(number)

    def ask(self, message, record, **how):
        return self.answer(self.send(message, record, **how))

    def children(self):
        """Process ids of the process's own children."""
        server = self.server()
        with open("/proc/%d/task/%d/children" % (server, server)) as f:
            return [int(n) for n in f.read().split()]

    def server(self):
        for _ in range(500):
            with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid)) as f:
                children = f.read().split()
            if children:
                return int(children[0])
            time.sleep(0.01)
        raise EOFError("the process has not started")

    def close(self):
        """Hangs up; the process's exit status is in self.code, what it logged in self.log."""
        self.process.stdin.close()
        self.process.stdout.read()
        self.log = self.process.stderr.read()
        self.code = self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()
