#!/usr/bin/env python3
"""hufu-files as a process: forms that can be read back, uploads that are judged, children that die."""
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from peer import BUILD, Peer

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../objects/uploads"))
import make  # noqa: E402

PROGRAM = "src/files/hufu-files"
RECORD = {
    "brand": "国资CA", "number": "20261124000000178", "revision": 3, "service_name": "证书申请",
    "code": "HUFU-FORM 20261124000000178 3 6b1f0c9de2a54c9f8e7d3a5b1c2d4e6f",
    "rows": "申请单位信息|单位名称|某某国有资产经营管理有限责任公司\n申请单位信息|统一社会信用代码|91110000MA01ABCD3X\n"
            "使用人信息|姓名|龘䶮㐂犇𠮷\n使用人信息|手机号码|13800000000\n证书信息|证书介质|USBKey\n"
            "证书信息|收件地址|" + "北京市西城区某某大街某某号某某大厦十八层" * 4,
    "agreement": "2026-01 版", "notes": "本表，由使用人签字并加盖公章\n营业执照复印件\n使用人身份证复印件",
    "printed_s": 1795510698,
}


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60).stdout


def read_codes(path):
    """The texts of the QR codes on the first page, by libzbar."""
    pgm = run("pdftoppm", "-gray", "-r", "200", "-f", "1", "-l", "1", path)
    magic, size, depth, pixels = pgm.split(b"\n", 3)
    assert (magic, depth) == (b"P5", b"255")
    width, height = map(int, size.split())
    zbar = ctypes.CDLL("libzbar.so.0")
    pointer = ctypes.c_void_p
    for name, result in (("zbar_image_scanner_create", pointer), ("zbar_image_create", pointer),
                         ("zbar_image_first_symbol", pointer), ("zbar_symbol_next", pointer),
                         ("zbar_symbol_get_data", ctypes.c_char_p)):
        getattr(zbar, name).restype = result
    scanner, image = pointer(zbar.zbar_image_scanner_create()), pointer(zbar.zbar_image_create())
    zbar.zbar_image_set_format(image, ctypes.c_ulong(int.from_bytes(b"Y800", "little")))
    zbar.zbar_image_set_size(image, width, height)
    zbar.zbar_image_set_data(image, pixels, ctypes.c_ulong(len(pixels)), None)
    zbar.zbar_scan_image(scanner, image)
    texts, symbol = [], zbar.zbar_image_first_symbol(image)
    while symbol:
        texts.append(zbar.zbar_symbol_get_data(pointer(symbol)).decode())
        symbol = zbar.zbar_symbol_next(pointer(symbol))
    zbar.zbar_image_destroy(image)
    zbar.zbar_image_scanner_destroy(scanner)
    return texts


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="hufu-test-")
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as f:
            f.write(content)
        return self.path(name)

    def print(self, peer, name, **changes):
        told = peer.ask("print", {**RECORD, **changes}, file=self.write(name, b""))
        self.assertEqual(told["error"], "")
        with open(self.path(name), "rb") as f:
            content = f.read()
        self.assertEqual(told["record"]["size"], len(content))
        return content, told["record"]


class Form(Case):
    def test_r_form_3_text_can_be_read_back(self):
        """R-FORM-3: selectable text with rare characters, every field, exactly the attachments, the agreement's
        version, places for signature and stamp, number and revision."""
        with Peer(PROGRAM) as files:
            self.print(files, "form.pdf")
        text = run("pdftotext", "-raw", self.path("form.pdf"), "-").decode()
        flat = "".join(text.split())
        for row in RECORD["rows"].split("\n"):
            section, label, value = row.split("|")
            for part in (section, label, value):
                self.assertIn(part, flat)
        for words in ("国资CA数字证书服务受理表", "业务类型：证书申请", "20261124000000178", "第3版", "2026-01版",
                      "使用人签字：", "申请单位公章：", "日期：", "第1页/共1页", "龘䶮㐂犇𠮷", "打印时间2026-11-24"):
            self.assertIn(words, flat)
        listed = [line.strip() for line in text.split("\n") if line.strip()[:2] in ("1.", "2.", "3.", "4.")]
        notes = ["%d. %s" % (i + 1, note) for i, note in enumerate(RECORD["notes"].split("\n"))]
        self.assertEqual(listed[:3], notes)
        self.assertTrue(listed[3].startswith("1. 本表所填信息"))

    def test_r_form_3_code_can_be_scanned(self):
        """R-FORM-3: the QR code says the application's number and the revision."""
        with Peer(PROGRAM) as files:
            self.print(files, "form.pdf")
            self.assertEqual(read_codes(self.path("form.pdf")), [RECORD["code"]])
            longest = "HUFU " + "x" * 250
            self.print(files, "long.pdf", code=longest)
            self.assertEqual(read_codes(self.path("long.pdf")), [longest])

    def test_r_form_3_same_bytes_from_another_process(self):
        """R-FORM-3: the same application always gives the same bytes."""
        forms = []
        for zone in ("UTC", "Asia/Shanghai"):
            os.environ["TZ"] = zone
            with Peer(PROGRAM) as files:
                forms.append(self.print(files, "form.pdf"))
                forms.append(self.print(files, "form.pdf"))
        del os.environ["TZ"]
        for content, told in forms[1:]:
            self.assertEqual(content, forms[0][0])
            self.assertEqual(told["sm3"], forms[0][1]["sm3"])

    def test_r_form_3_fonts_are_inside(self):
        with Peer(PROGRAM) as files:
            self.print(files, "form.pdf")
        lines = run("pdffonts", self.path("form.pdf")).decode().split("\n")[2:]
        fonts = [line.split() for line in lines if line]
        self.assertEqual(len(fonts), 2)
        for font in fonts:
            self.assertIn("NotoSansCJKsc", font[0])
            self.assertEqual(font[-5:-2], ["yes", "yes", "yes"])  # embedded, a subset, with a way to Unicode

    def test_r_form_4_our_own_form_is_accepted(self):
        with Peer(PROGRAM) as files:
            content, _ = self.print(files, "form.pdf")
            told = files.ask("inspect", {"size": len(content)}, file=self.path("form.pdf"))
        self.assertEqual((told["error"], told["record"]), ("", {"type": "pdf", "pages": 1, "width": 0, "height": 0}))

    def test_absent_fields_are_refused(self):
        with Peer(PROGRAM) as files:
            for field in ("brand", "number", "service_name", "code", "rows", "agreement"):
                record = {k: v for k, v in RECORD.items() if k != field}
                told = files.ask("print", record, file=self.write("form.pdf", b""))
                self.assertEqual(told["error"], "FORM_RECORD", field)
                self.assertEqual(os.path.getsize(self.path("form.pdf")), 0)


class Uploads(Case):
    def test_r_form_4_every_case_through_the_process(self):
        """R-FORM-4: all hostile files and their repaired twins at once, each answered by its own child."""
        make.main(self.folder.name)
        with open(self.path("manifest.txt")) as f:
            cases = [line.split() for line in f]
        self.assertGreaterEqual(len(cases), 40)
        with Peer(PROGRAM) as files:
            asked = []
            for name, error, *_ in cases:
                for suffix, expected in ((".bad", error), (".good", "")):
                    path = self.path(name + suffix)
                    asked.append((name, expected, files.send("inspect", {"size": os.path.getsize(path)}, file=path)))
            for name, expected, number in asked:
                with self.subTest(name):
                    self.assertEqual(files.answer(number)["error"], expected)
        self.assertEqual(files.code, 0)

    def test_r_form_4_incomplete_uploads_are_refused(self):
        """R-FORM-4: what was received must be as long as it was said to be."""
        png = make.png()
        path = self.write("a", png)
        with Peer(PROGRAM) as files:
            for size, error in ((len(png) - 1, "FILE_INCOMPLETE"), (len(png) + 1, "FILE_INCOMPLETE"),
                                (len(png), ""), (0, "FILE_EMPTY"), (-1, "FILE_EMPTY"),
                                (20 * 1000 * 1000 + 1, "FILE_LARGE")):
                self.assertEqual(files.ask("inspect", {"size": size}, file=path)["error"], error, size)

    def test_content_may_come_by_a_pipe(self):
        png = make.png()
        os.mkfifo(self.path("pipe"))
        with Peer(PROGRAM) as files:
            with open(self.path("pipe"), "r+b", buffering=0) as pipe:
                number = files.send("inspect", {"size": len(png)}, file=self.path("pipe"))
                pipe.write(png + b"!")  # one more than said, so that the child need not wait for an end
                self.assertEqual(files.answer(number)["error"], "FILE_INCOMPLETE")

    def test_requests_that_are_none_are_answered(self):
        with Peer(PROGRAM) as files:
            self.assertEqual(files.ask("inspect", {"size": 3})["error"], "MALFORMED")
            unknown = (0x2FF, "files_inspect", "files_inspected")
            self.assertEqual(files.ask(unknown, {"size": 3}, file="/dev/null")["error"], "MALFORMED")
            mixed = (0x200, "files_print", "files_inspected")
            self.assertEqual(files.ask(mixed, RECORD, file="/dev/null")["error"], "MALFORMED")
            path = self.write("a", make.png())
            self.assertEqual(files.ask("inspect", {"size": len(make.png())}, file=path)["error"], "")


class Children(Case):
    def block(self, files, name="pipe"):
        """A request whose child waits for content that does not come."""
        os.mkfifo(self.path(name))
        number = files.send("inspect", {"size": 100}, file=self.path(name))
        return number

    def wait_for_children(self, files, count):
        for _ in range(500):
            if len(files.children()) == count:
                return files.children()
            time.sleep(0.01)
        self.fail("there are not %d children" % count)

    def test_a_child_that_dies_is_answered_for(self):
        """R-FORM-4: a file that kills its inspector is refused, and only that file."""
        with Peer(PROGRAM) as files:
            number = self.block(files)
            for child in self.wait_for_children(files, 1):
                os.kill(child, signal.SIGSEGV)
            self.assertEqual(files.answer(number)["error"], "FILE_CHECK_FAILED")
            path = self.write("a", make.png())
            self.assertEqual(files.ask("inspect", {"size": len(make.png())}, file=path)["error"], "")

    def test_a_child_that_hangs_is_ended(self):
        """R-FORM-4: a file that holds up its inspector is refused after a time."""
        with Peer(PROGRAM, "--child-ms", "300") as files:
            began = time.monotonic()
            self.assertEqual(files.answer(self.block(files))["error"], "FILE_CHECK_TIMEOUT")
            self.assertGreaterEqual(time.monotonic() - began, 0.29)
            self.wait_for_children(files, 0)

    def test_four_at_once_and_no_more(self):
        with Peer(PROGRAM, "--child-ms", "60000") as files:
            blocked = [self.block(files, "pipe%d" % i) for i in range(6)]
            self.wait_for_children(files, 4)
            time.sleep(0.1)
            self.assertEqual(len(files.children()), 4)
            for left in (4, 4, 4, 3, 2, 1):
                os.kill(self.wait_for_children(files, left)[0], signal.SIGKILL)
                time.sleep(0.05)
            for number in blocked:
                self.assertEqual(files.answer(number)["error"], "FILE_CHECK_FAILED")

    def test_hanging_up_ends_the_process_and_its_children(self):
        files = Peer(PROGRAM)
        self.block(files)
        child = self.wait_for_children(files, 1)[0]
        server = files.server()
        files.process.kill()
        files.process.wait()
        for _ in range(300):
            if not os.path.exists("/proc/%d" % server) and not os.path.exists("/proc/%d" % child):
                break
            time.sleep(0.01)
        self.assertFalse(os.path.exists("/proc/%d" % child))
        for stream in (files.process.stdin, files.process.stdout, files.process.stderr):
            stream.close()

    def test_a_child_sees_nothing_else(self):
        """Of descriptors it has its standard ones, the answer's socket and the file; of memory and time a share."""
        with Peer(PROGRAM) as files:
            number = self.block(files)
            child = self.wait_for_children(files, 1)[0]
            time.sleep(0.1)
            self.assertEqual(sorted(map(int, os.listdir("/proc/%d/fd" % child)))[-2:], [3, 4])
            with open("/proc/%d/limits" % child) as f:
                limits = {line[:26].strip(): line[26:].split()[0] for line in f}
            self.assertEqual(limits["Max open files"], "5")
            self.assertEqual(limits["Max core file size"], "0")
            self.assertEqual(limits["Max file size"], "0")
            self.assertEqual(limits["Max cpu time"], "10")
            os.kill(child, signal.SIGKILL)
            self.assertEqual(files.answer(number)["error"], "FILE_CHECK_FAILED")


class Usage(unittest.TestCase):
    def test_wrong_arguments_are_refused_with_words(self):
        program = os.path.join(BUILD, PROGRAM)
        for arguments in ([], ["--socket"], ["--socket", "x"], ["--nothing"], ["--socket", "3", "more"]):
            done = subprocess.run([program, *arguments], stderr=subprocess.PIPE, timeout=20)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"usage:", done.stderr)
        self.assertIn(b"usage:", run(program, "--help"))


if __name__ == "__main__":
    unittest.main()
