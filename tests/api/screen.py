"""A display without anybody before it, and a person's hands; requests that wait for the person."""
import os
import subprocess
import threading
import time

from world import wait_for


class Screen:
    """A display without anybody before it, and a person's hands."""

    def __init__(self):
        read, write = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "800x700x24", "-nolisten", "tcp", "-noreset"],
                                        pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as f:
            self.display = ":" + f.readline().strip()
        self.environment = {"DISPLAY": self.display, "NO_AT_BRIDGE": "1"}

    def close(self):
        self.process.terminate()
        self.process.wait(20)

    def do(self, *arguments):
        return subprocess.run(["xdotool", *arguments], env=dict(os.environ, DISPLAY=self.display), timeout=60,
                              capture_output=True, text=True, check=False)

    def windows(self):
        """{process: window}: the numbers of windows are used again."""
        found = self.do("search", "--onlyvisible", "--name", "USBKey 控件").stdout.split()
        return {self.do("getwindowpid", w).stdout.strip(): w for w in found}

    def window(self, before=()):
        """The process of the agent's window, which gets the keyboard; another one than those BEFORE."""
        def look():
            return [(p, w) for p, w in self.windows().items() if p and p not in before]
        process, window = wait_for("the window", look)[0]
        self.do("windowfocus", "--sync", window)
        time.sleep(1)  # nothing can be accepted in a window's first moments
        return process

    def type(self, *fields):
        """Texts into the fields, one after another; then Return."""
        for i, text in enumerate(fields):
            if i:
                self.do("key", "Tab")
            self.do("type", "--delay", "20", text)
        self.do("key", "Return")


class Asking:
    """A request that waits for the person."""

    def __init__(self, page, operation, **body):
        self.answers = []
        self.thread = threading.Thread(target=self.run, args=(page, operation, body), daemon=True)
        self.thread.start()

    def run(self, page, operation, body):
        try:
            self.answers.append(page.try_tell(operation, **body))
        except ConnectionError:
            pass  # the agent was ended

    def answer(self):
        self.thread.join(60)
        return self.answers[0]
