#!/usr/bin/env python3
"""hufu-relay as a process, against the payment simulator and a real SMTP server."""
import datetime
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import shutil
import socket
import ssl
import stat
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from peer import BUILD, Peer

PROGRAM = "src/relay/hufu-relay"
PAYSIM = os.path.join(BUILD, "src/paysim/hufu-paysim")
ID = "000102030405060708090a0b0c0d0e0f"
ID_TEXT = "000g40r40m30e209185gr38e1w"
ORDER = {"method": "wechat", "order": "H2026112400001", "description": "国资CA 证书服务费", "amount_fen": 39900,
         "expires_s": 1995510698}
ASKED = {"method": "wechat", "order": ORDER["order"]}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def post(url):
    with urllib.request.urlopen(urllib.request.Request(url, b"", method="POST"), timeout=30) as answer:
        return json.load(answer)


class Catcher(http.server.ThreadingHTTPServer):
    """Takes callbacks as the portal would and keeps them as they came."""

    def __init__(self):
        self.caught = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                record = {"method": self.path.split("/")[2], "body": body.hex()}
                if record["method"] == "wechat":
                    for name in ("timestamp", "nonce", "signature", "serial"):
                        record[name] = self.headers["Wechatpay-" + name]
                self.server.caught.append(record)
                word = b"success" if record["method"] == "alipay" else b""
                self.send_response(200 if word else 204)
                if word:
                    self.send_header("Content-Length", str(len(word)))
                self.end_headers()
                self.wfile.write(word)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/payments" % self.server_port


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hufu-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def relay(self, *lines, insecure=True):
        with open(self.path("relay.conf"), "w") as f:
            f.write("\n".join(["[relay]", *lines]) + "\n")
        return Peer(PROGRAM, "--config", self.path("relay.conf"), *(["--insecure-dev"] if insecure else []))


class Sim(Case):
    taken = 204  # what a callback is answered

    def setUp(self):
        super().setUp()
        self.catcher = Catcher()
        self.addCleanup(self.catcher.server_close)
        self.addCleanup(self.catcher.shutdown)
        self.sim = None
        self.url = "http://127.0.0.1:%d" % free_port()
        self.start_sim()

    def start_sim(self):
        self.sim = subprocess.Popen([PAYSIM, "--listen", self.url[7:], "--folder", self.path("sim"), "--notify-url",
                                     self.catcher.url], stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop_sim, self.sim)
        for _ in range(1000):
            try:
                socket.create_connection(("127.0.0.1", int(self.url.rsplit(":", 1)[1])), 1).close()
                return
            except OSError:
                time.sleep(0.01)
        self.fail("the simulator does not listen")

    def stop_sim(self, sim):
        if sim.poll() is None:
            sim.kill()
            sim.wait()

    def pay_relay(self, *lines):
        with open(self.path("sim/relay.conf")) as f:
            return self.relay(f.read().removeprefix("[relay]\n"), *lines)

    def pay(self, mode="normal", order=ORDER["order"]):
        """What a person with a phone does, or somebody worse; the callbacks that came of it."""
        del self.catcher.caught[:]
        told = post("%s/sim/pay/%s?mode=%s" % (self.url, order, mode))
        self.assertEqual(told["callbacks"], [self.taken] * len(self.catcher.caught))
        return list(self.catcher.caught)

    def refund(self, mode):
        """The bank is done with the refund, or somebody says so; the callbacks that came of it."""
        del self.catcher.caught[:]
        post("%s/sim/refund/%s?mode=%s" % (self.url, ORDER["order"], mode))
        return list(self.catcher.caught)

    def api_mode(self, mode):
        post("%s/sim/api?mode=%s" % (self.url, mode))

    def state(self, relay):
        told = relay.ask("query", ASKED)
        self.assertEqual(told["error"], "", told)
        return told["record"]["state"]


class Payments(Sim):
    # ---- the way it should go ----

    def test_r_fee_2_paid_and_paid_back(self):
        """R-FEE-2: an order is opened, shown as a QR code, paid, told by callback and by query, paid back."""
        with self.pay_relay() as relay:
            told = relay.ask("order", ORDER)
            self.assertEqual(told["error"], "")
            self.assertEqual(told["record"]["code_url"], "%s/sim/pay/%s" % (self.url, ORDER["order"]))
            self.assertEqual(self.state(relay), "unpaid")
            page = urllib.request.urlopen(told["record"]["code_url"], timeout=10).read().decode()
            self.assertIn("¥ 399.00", page)
            callback, = self.pay()
            told = relay.ask("callback", callback)
            self.assertEqual(told["error"], "")
            paid = told["record"]
            self.assertEqual((paid["order"], paid["state"], paid["amount_fen"], paid["currency"]),
                             (ORDER["order"], "paid", 39900, "CNY"))
            self.assertLess(abs(paid["paid_s"] - time.time()), 60)
            self.assertEqual(relay.ask("query", ASKED)["record"], paid)
            refund = {**ASKED, "refund": "R2026112400001", "amount_fen": 39900, "total_fen": 39900, "reason": "撤回"}
            for _ in range(2):  # asked twice it is one refund
                told = relay.ask("refund", refund)
                self.assertEqual((told["error"], told["record"]["state"]), ("", "refunded"))
            self.assertEqual(relay.ask("refund", {**refund, "refund": "R2026112400002"})["error"],
                             "RELAY_REFUND_REFUSED")
            self.assertEqual(self.state(relay), "refunded")
        self.assertEqual(relay.code, 0)

    def test_r_fee_4_a_refund_that_waits_for_the_bank(self):
        """R-FEE-4: the gateway takes the refund, the bank makes it later: told by a callback, or asked again."""
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
            self.pay()
            self.api_mode("refund-waits")
            refund = {**ASKED, "refund": "R2026112400001", "amount_fen": 39900, "total_fen": 39900, "reason": "撤回"}
            self.assertEqual(relay.ask("refund", refund)["record"]["state"], "refunding")
            for mode, error in (("wrong-signature", "RELAY_CALLBACK_SIGNATURE"), ("other-merchant", "RELAY_CALLBACK_MERCHANT"),
                                ("other-event", "RELAY_CALLBACK_EVENT")):
                callback, = self.refund(mode)
                self.assertEqual(relay.ask("callback", callback)["error"], error)
            self.assertEqual(relay.ask("refund", refund)["record"]["state"], "refunding")
            first, second, third = self.refund("repeated")
            for callback in first, second, third:
                told = relay.ask("callback", callback)
                self.assertEqual(told["error"], "")
                self.assertEqual([told["record"][f] for f in ("state", "order", "refund", "amount_fen")],
                                 ["refunded", ORDER["order"], "R2026112400001", 39900])
            self.assertEqual(relay.ask("refund", refund)["record"]["state"], "refunded")
            self.api_mode("refund-refused")
            self.assertEqual(relay.ask("refund", {**refund, "refund": "R2026112400002"})["error"], "RELAY_REFUND_REFUSED")

    def test_r_fee_4_opened_twice_it_is_one_order(self):
        """R-FEE-4: a repeated request opens no second order; another amount under its number is refused."""
        with self.pay_relay() as relay:
            first = relay.ask("order", ORDER)
            self.assertEqual(relay.ask("order", ORDER)["record"], first["record"])
            self.assertEqual(relay.ask("order", {**ORDER, "amount_fen": 1})["error"], "RELAY_ORDER_CONFLICT")
            self.pay()
            self.assertEqual(relay.ask("order", ORDER)["error"], "RELAY_ORDER_PAID")
            with self.assertRaises(urllib.error.HTTPError):
                self.pay()

    def test_r_fee_4_closed_it_cannot_be_paid(self):
        """R-FEE-4: what is closed cannot be paid, what is paid cannot be closed."""
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
            for _ in range(2):
                told = relay.ask("close", ASKED)
                self.assertEqual((told["error"], told["record"]["state"]), ("", "closed"))
            self.assertEqual(self.state(relay), "closed")
            with self.assertRaises(urllib.error.HTTPError):
                self.pay()
            self.assertEqual(relay.ask("order", ORDER)["error"], "RELAY_ORDER_CLOSED")
            other = {**ORDER, "order": "H2026112400002"}
            relay.ask("order", other)
            self.pay(order=other["order"])
            self.assertEqual(relay.ask("close", {"method": "wechat", "order": other["order"]})["error"],
                             "RELAY_ORDER_PAID")

    def test_the_simulator_keeps_its_orders(self):
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
            self.pay()
            self.sim.kill()
            self.sim.wait()
            with open(self.path("sim/orders.jsonl"), "a") as f:
                f.write('{"out_trade_no":"H2026112400001","sta')  # torn by the kill
            self.start_sim()
            self.assertEqual(self.state(relay), "paid")

    # ---- R-FEE-3 ----

    def refused(self, mode, error):
        """R-FEE-3: what comes in MODE is refused with ERROR, and the platform says that nothing was paid."""
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
            for callback in self.pay(mode):
                self.assertEqual(relay.ask("callback", callback)["error"], error)
            self.assertEqual(self.state(relay), "unpaid")

    def test_r_fee_3_forged(self):
        """R-FEE-3: forged."""
        self.refused("wrong-signature", "RELAY_CALLBACK_SIGNATURE")

    def test_r_fee_3_other_merchant(self):
        """R-FEE-3: another merchant's."""
        self.refused("other-merchant", "RELAY_CALLBACK_MERCHANT")

    def test_r_fee_3_probe(self):
        """R-FEE-3: the platform's own probe of our check."""
        self.refused("probe", "RELAY_CALLBACK_PROBE")

    def test_r_fee_3_other_event(self):
        """R-FEE-3: a callback that tells of something else."""
        self.refused("other-event", "RELAY_CALLBACK_EVENT")

    def test_r_fee_3_late_callback_is_made_good_by_a_query(self):
        """R-FEE-3: late: refused; the query tells that it was paid."""
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
            callback, = self.pay("late")
            self.assertEqual(relay.ask("callback", callback)["error"], "RELAY_CALLBACK_STALE")
            self.assertEqual(self.state(relay), "paid")

    def test_r_fee_3_lost_callback_is_made_good_by_a_query(self):
        """R-FEE-3: lost: the query tells that it was paid."""
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
            self.assertEqual(self.pay("lost"), [])
            self.assertEqual(self.state(relay), "paid")

    def test_r_fee_3_repeated_callback_says_the_same(self):
        """R-FEE-3: repeated: each time the same payment, so that its number tells that it is one."""
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
            callbacks = self.pay("repeated")
            self.assertEqual(len(callbacks), 3)
            told = [relay.ask("callback", c)["record"] for c in callbacks + callbacks[:1]]
            self.assertTrue(all(t == told[0] and t["state"] == "paid" for t in told))

    def test_r_fee_3_amount_and_currency_are_told_as_they_are(self):
        """R-FEE-3: another amount or currency, properly signed, is told as it is, for the portal to compare."""
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
            callback, = self.pay("wrong-amount")
            self.assertEqual(relay.ask("callback", callback)["record"]["amount_fen"], 39899)
            callback, = self.pay("wrong-currency")
            self.assertEqual(relay.ask("callback", callback)["record"]["currency"], "USD")
            self.assertEqual(self.state(relay), "unpaid")

    def test_r_fee_3_answers_are_not_believed_unsigned(self):
        """R-FEE-3: of the platform's answers nothing is believed that it did not sign now."""
        with self.pay_relay("timeout_ms = 700") as relay:
            relay.ask("order", ORDER)
            self.pay("lost")
            for mode, error in (("unsigned", "RELAY_ANSWER_SIGNATURE"), ("wrong-signature", "RELAY_ANSWER_SIGNATURE"),
                                ("stale", "RELAY_ANSWER_SIGNATURE"), ("garbage", "RELAY_ANSWER"),
                                ("huge", "RELAY_ANSWER"), ("error", "RELAY_UNREACHABLE"), ("slow", "RELAY_TIMEOUT")):
                self.api_mode(mode)
                self.assertEqual(relay.ask("query", ASKED)["error"], error, mode)
            self.api_mode("normal")
            self.assertEqual(self.state(relay), "paid")

    # ---- when it goes wrong ----

    def test_unknown_orders_and_methods(self):
        with self.pay_relay() as relay:
            self.assertEqual(relay.ask("query", ASKED)["error"], "RELAY_ORDER_UNKNOWN")
            self.assertEqual(relay.ask("close", ASKED)["error"], "RELAY_ORDER_UNKNOWN")
            self.assertEqual(relay.ask("order", {**ORDER, "method": "unionpay"})["error"], "RELAY_METHOD")
            for order in ("", "short", "x" * 33, "../../x/y", "H2026112400001?x=1", "订单订单订单"):
                self.assertEqual(relay.ask("query", {"method": "wechat", "order": order})["error"], "MALFORMED", order)
            self.assertEqual(relay.ask("order", {**ORDER, "amount_fen": 0})["error"], "MALFORMED")
            self.assertEqual(relay.ask((0x3FF, "relay_query", None), ASKED)["error"], "MALFORMED")
        with self.relay() as relay:
            self.assertEqual(relay.ask("order", ORDER)["error"], "RELAY_METHOD")
            self.assertEqual(relay.ask("callback", {"method": "wechat"})["error"], "RELAY_METHOD")

    def test_requests_of_another_key_are_refused_by_the_platform(self):
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
                        self.path("sim/merchant-key.pem")], check=True, stderr=subprocess.DEVNULL)
        with self.pay_relay() as relay:
            self.assertEqual(relay.ask("query", ASKED)["error"], "RELAY_REFUSED")

    def test_r_ops_7_a_slow_gateway_blocks_nothing_else(self):
        """R-OPS-7: while the payment platform hangs, SMS, e-mail and callbacks go on."""
        with self.pay_relay("sms_sink = " + self.path("sms"), "email_sink = " + self.path("mail"),
                            "timeout_ms = 2500") as relay:
            relay.ask("order", ORDER)
            callback, = self.pay()
            self.api_mode("slow")
            slow = [relay.send("query", ASKED) for _ in range(6)]
            time.sleep(0.2)
            began = time.monotonic()
            notice = {"id": ID, "to": "13800000000", "text": "验证码", "name": "code"}
            for _ in range(20):
                self.assertEqual(relay.ask("sms", notice)["error"], "")
            self.assertEqual(relay.ask("email", {**notice, "to": "a@example.com", "subject": "s"})["error"], "")
            self.assertEqual(relay.ask("callback", callback)["error"], "")
            self.assertLess(time.monotonic() - began, 2)
            self.assertEqual(relay.answer(slow[0])["error"], "RELAY_TIMEOUT")
            self.sim.kill()
            for number in slow[1:]:
                self.assertIn(relay.answer(number)["error"], ("RELAY_TIMEOUT", "RELAY_UNREACHABLE"))

    def test_a_full_queue_is_said_at_once(self):
        with self.pay_relay("timeout_ms = 3000") as relay:
            self.api_mode("slow")
            asked = [relay.send("query", ASKED) for _ in range(300)]
            errors = []
            time.sleep(0.5)
            self.sim.kill()
            for number in asked:
                errors.append(relay.answer(number)["error"])
            self.assertGreater(errors.count("RELAY_BUSY"), 20)
            self.assertLess(errors.count("RELAY_BUSY"), 60)

    def test_nobody_there(self):
        with self.pay_relay() as relay:
            self.sim.kill()
            self.sim.wait()
            self.assertEqual(relay.ask("query", ASKED)["error"], "RELAY_UNREACHABLE")
            self.start_sim()
            self.assertEqual(relay.ask("order", ORDER)["error"], "")

    def test_secrets_are_not_logged_and_not_readable(self):
        with self.pay_relay() as relay:
            relay.ask("order", ORDER)
        with open(self.path("sim/api-key")) as f:
            key = f.read()
        self.assertEqual(len(key), 32)
        self.assertNotIn(key.encode(), relay.log)
        for name in ("api-key", "merchant-key.pem", "platform-key.pem", "orders.jsonl"):
            self.assertEqual(stat.S_IMODE(os.stat(self.path("sim/" + name)).st_mode), 0o600)

    def test_init_makes_keys_once(self):
        command = [PAYSIM, "--listen", "127.0.0.1:1", "--folder", self.path("other"), "--init"]
        subprocess.run(command, check=True, timeout=60)
        with open(self.path("other/merchant-key.pem"), "rb") as f:
            first = f.read()
        subprocess.run(command, check=True, timeout=60)
        with open(self.path("other/merchant-key.pem"), "rb") as f:
            self.assertEqual(f.read(), first)
        for arguments in ([], ["--listen", "0.0.0.0:80", "--folder", "x"], ["--listen", "127.0.0.1:1"]):
            self.assertEqual(subprocess.run([PAYSIM, *arguments], stderr=subprocess.DEVNULL).returncode, 2)


class Alipay(Sim):
    """R-FEE-2: the same payments by Alipay's page."""
    taken = 200
    ORDER = {**ORDER, "method": "alipay", "return_url": "https://portal.example/applications/1/payment?a=1&b=2",
             "expires_s": int(time.time()) + 7200}
    ASKED = {"method": "alipay", "order": ORDER["order"]}

    def state(self, relay):
        told = relay.ask("query", self.ASKED)
        return told["error"] or told["record"]["state"]

    def open(self, relay, **changes):
        """The page, as a payer sees it."""
        told = relay.ask("order", {**self.ORDER, **changes})
        self.assertEqual(told["error"], "", told)
        self.assertTrue(told["record"]["page_url"].startswith(self.url + "/gateway.do?"))
        self.assertIsNone(told["record"].get("code_url"))
        return urllib.request.urlopen(told["record"]["page_url"], timeout=10).read().decode()

    def asks_refund(self, **changes):
        return {**self.ASKED, "refund": "R2026112400001", "amount_fen": 39900, "total_fen": 39900, "reason": "撤回", **changes}

    def test_r_fee_2_paid_and_paid_back(self):
        with self.pay_relay() as relay:
            self.assertEqual(self.state(relay), "RELAY_ORDER_UNKNOWN")  # nobody has opened it
            page = self.open(relay)
            self.assertIn("¥ 399.00", page)
            self.assertIn("https://portal.example/applications/1/payment?a=1&#38;b=2", page)
            self.assertEqual(self.state(relay), "unpaid")
            callback, = self.pay()
            told = relay.ask("callback", callback)
            self.assertEqual(told["error"], "", told)
            paid = told["record"]
            self.assertEqual((paid["order"], paid["state"], paid["amount_fen"], paid["currency"]),
                             (ORDER["order"], "paid", 39900, "CNY"))
            self.assertLess(abs(paid["paid_s"] - time.time()), 60)
            self.assertEqual(relay.ask("query", self.ASKED)["record"], paid)
            self.assertEqual(relay.ask("close", self.ASKED)["error"], "RELAY_ORDER_PAID")
            for _ in range(2):  # asked twice it is one refund
                told = relay.ask("refund", self.asks_refund())
                self.assertEqual((told["error"], told["record"]["state"]), ("", "refunded"))
            self.assertEqual(relay.ask("refund", self.asks_refund(refund="R2"))["error"], "RELAY_REFUND_REFUSED")
            self.assertEqual(self.state(relay), "refunded")
            back, = self.refund("normal")
            told = relay.ask("callback", back)["record"]
            self.assertEqual((told["state"], told["refund"], told["amount_fen"]), ("refunded", "R2026112400001", 39900))

    def test_r_fee_3_what_is_no_true_callback(self):
        with self.pay_relay() as relay:
            self.open(relay)
            for mode, error in (("wrong-signature", "RELAY_CALLBACK_SIGNATURE"), ("probe", "RELAY_CALLBACK_SIGNATURE"),
                                ("other-merchant", "RELAY_CALLBACK_MERCHANT"), ("other-event", "RELAY_CALLBACK_EVENT")):
                callback, = self.pay(mode)
                self.assertEqual(relay.ask("callback", callback)["error"], error, mode)
            for mode, changed in (("wrong-amount", {"amount_fen": 39899}), ("wrong-currency", {"currency": "USD"})):
                callback, = self.pay(mode)  # signed by Alipay: whether it fits is for those who know the order
                told = relay.ask("callback", callback)["record"]
                self.assertEqual({k: told[k] for k in changed}, changed)
            self.assertEqual(self.state(relay), "unpaid")
            callback, = self.pay("days-late")
            self.assertEqual(relay.ask("callback", callback)["error"], "RELAY_CALLBACK_STALE")
            self.assertEqual(self.state(relay), "paid")

    def test_r_fee_3_a_callback_altered_anywhere(self):
        with self.pay_relay() as relay:
            self.open(relay)
            callback, = self.pay()
            body = bytes.fromhex(callback["body"])
            self.assertEqual(relay.ask("callback", callback)["error"], "")
            for old, new in ((b"total_amount=399.00", b"total_amount=399.01"), (b"TRADE_SUCCESS", b"TRADE_FINISHED"),
                             (b"sign_type=RSA2", b"sign_type=RSA"), (b"&version=1.0", b""), (b"&sign=", b"&sign=A"),
                             (b"&sign=", b"&extra=1&sign="), (b"&sign=", b"&app_id=2021000000000001&sign="),
                             (b"&sign=", b"&x=%zz&sign="), (b"&sign=", b"&x=%00&sign="), (b"&sign=", b"&x=%4"),
                             (b"&sign=", b"&sing="), (b"sign_type=RSA2&", b"")):
                self.assertEqual(body.count(old), 1, old)
                told = relay.ask("callback", {"method": "alipay", "body": body.replace(old, new).hex()})
                self.assertIn(told["error"], ("RELAY_CALLBACK_SIGNATURE", "RELAY_CALLBACK_FORMAT", "RELAY_CALLBACK_HEADERS"), new)
            for bad in (b"", b"=", b"&&", b"a", b"{}", b"a=1&" * 65 + b"b=1", b"a=" + b"1" * 40000):
                self.assertIn(relay.ask("callback", {"method": "alipay", "body": bad.hex()})["error"],
                              ("RELAY_CALLBACK_FORMAT", "RELAY_CALLBACK_HEADERS"), bad[:20])
            self.assertEqual(relay.ask("callback", {**callback, "method": "wechat"})["error"], "RELAY_CALLBACK_HEADERS")

    def test_r_fee_3_answers_that_are_not_alipays(self):
        with self.pay_relay("timeout_ms = 500") as relay:
            self.open(relay)
            self.pay("lost")
            for mode, error in (("unsigned", "RELAY_ANSWER_SIGNATURE"), ("wrong-signature", "RELAY_ANSWER_SIGNATURE"),
                                ("garbage", "RELAY_ANSWER"), ("huge", "RELAY_ANSWER"), ("error", "RELAY_UNREACHABLE"),
                                ("slow", "RELAY_TIMEOUT")):
                self.api_mode(mode)
                self.assertEqual(self.state(relay), error, mode)
                self.assertEqual(relay.ask("refund", self.asks_refund())["error"], error, mode)
                if mode in ("unsigned", "wrong-signature"):  # not even that an order is unknown is believed
                    self.assertEqual(relay.ask("query", {**self.ASKED, "order": "H2"})["error"], error, mode)
            self.api_mode("normal")
            self.assertEqual(self.state(relay), "refunded")  # it was asked for, though no answer was believed
            self.assertEqual(relay.ask("refund", self.asks_refund())["record"]["state"], "refunded")  # and is one

    def test_r_fee_4_refunds_that_wait_or_are_refused(self):
        with self.pay_relay() as relay:
            self.open(relay)
            self.pay()
            for mode, error in (("balance", "RELAY_BALANCE"), ("refund-refused", "RELAY_REFUND_REFUSED")):
                self.api_mode(mode)
                self.assertEqual(relay.ask("refund", self.asks_refund())["error"], error)
            self.api_mode("refund-waits")
            for _ in range(2):
                self.assertEqual(relay.ask("refund", self.asks_refund())["record"]["state"], "refunding")
            self.api_mode("normal")
            self.refund("lost")
            self.assertEqual(relay.ask("refund", self.asks_refund())["record"]["state"], "refunded")

    def test_r_fee_4_a_closed_order_is_paid_no_more(self):
        with self.pay_relay() as relay:
            self.open(relay)
            for _ in range(2):
                self.assertEqual(relay.ask("close", self.ASKED)["record"]["state"], "closed")
            self.assertEqual(self.state(relay), "closed")
            with self.assertRaises(urllib.error.HTTPError):
                self.pay()
            late = relay.ask("order", {**self.ORDER, "order": "H2026112400002", "expires_s": int(time.time()) - 1})
            with self.assertRaises(urllib.error.HTTPError):  # the page has run out before anybody opened it
                urllib.request.urlopen(late["record"]["page_url"], timeout=10)
            self.assertEqual(relay.ask("close", {**self.ASKED, "order": "H2026112400002"})["error"], "RELAY_ORDER_UNKNOWN")

    def test_configuration(self):
        """What is missing or no key is named; another merchant's key is refused by the gateway."""
        with open(self.path("sim/relay.conf")) as f:
            lines = [line for line in f.read().splitlines() if line.startswith("alipay_")]
        for gone in "url", "seller", "key_file", "platform_key_file", "notify_url":
            with open(self.path("bad.conf"), "w") as f:
                f.write("\n".join(["[relay]", *(line for line in lines if not line.startswith(f"alipay_{gone} "))]) + "\n")
            done = subprocess.run([os.path.join(BUILD, PROGRAM), "--config", self.path("bad.conf"), "-t"], capture_output=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"alipay_{gone}: is missing".encode(), done.stderr)
        swapped = [line.replace("alipay-app-key.pem", "merchant-key.pem") for line in lines]
        with self.relay(*swapped) as relay:
            self.assertEqual(relay.ask("query", self.ASKED)["error"], "RELAY_REFUSED")
            self.assertEqual(relay.ask("order", ORDER)["error"], "RELAY_METHOD")  # wechat is not configured


class Mailbox:
    """What the SMTP server takes."""

    def __init__(self):
        self.letters = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        if address.startswith("later@"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if b"refuse-me" in envelope.original_content:
            return "554 5.6.0 not this"
        self.letters.append((envelope.mail_from, envelope.rcpt_tos,
                             email.message_from_bytes(envelope.original_content, policy=email.policy.default)))
        return "250 OK"


class Mail(Case):
    notice = {"id": ID, "to": "holder@example.com", "name": "approved",
              "subject": "国资CA：您的证书申请（20261124000000178）已通过审核，请注意查收", "text": "龘先生：\n<您好> & 再见\n.\n完"}

    def serve(self, **options):
        box = Mailbox()
        server = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
        server.start()
        self.addCleanup(server.stop)
        return server.port, box

    def certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
                        self.path("tls-key.pem"), "-out", self.path("tls.pem")], check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("tls.pem"), self.path("tls-key.pem"))
        return context

    def check(self, letter):
        sender, recipients, message = letter
        self.assertEqual((sender, recipients), ("ca@example.org", ["holder@example.com"]))
        self.assertEqual(message["Subject"], self.notice["subject"])
        self.assertEqual(message["To"], "holder@example.com")
        self.assertEqual(message["Message-ID"], "<%s@example.org>" % ID_TEXT)
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertLess(abs(message["Date"].datetime.timestamp() - time.time()), 60)
        plain = message.get_body(("plain",))
        self.assertEqual(plain.get_content().replace("\r\n", "\n").rstrip("\n"), self.notice["text"])
        return message

    def test_r_ops_7_mail_arrives(self):
        """R-OPS-7: by SMTP, in UTF-8, with the notice's id as Message-ID so that a repeat is seen as one."""
        port, box = self.serve()
        with self.relay("smtp_url = smtp://127.0.0.1:%d" % port, "smtp_from = ca@example.org") as relay:
            for _ in range(2):
                told = relay.ask("email", self.notice)
                self.assertEqual((told["error"], told["record"]["receipt"]), ("", "<%s@example.org>" % ID_TEXT))
        self.assertEqual(len(box.letters), 2)
        message = self.check(box.letters[0])
        self.assertIsNone(message.get_body(("html",)))
        self.assertEqual(message["From"], "ca@example.org")

    def test_r_ops_7_mail_with_html(self):
        port, box = self.serve()
        with self.relay("smtp_url = smtp://127.0.0.1:%d" % port, "smtp_from = ca@example.org",
                        "smtp_from_name = 国资CA", "smtp_html = yes") as relay:
            self.assertEqual(relay.ask("email", self.notice)["error"], "")
        message = self.check(box.letters[0])
        self.assertEqual(message.get_content_type(), "multipart/alternative")
        self.assertEqual(message["From"], "国资CA <ca@example.org>")
        self.assertIn("&lt;您好&gt; &amp; 再见", message.get_body(("html",)).get_content())

    def test_r_inv_1_an_invoice_is_attached(self):
        """R-INV-1: PDF and OFD go along under their Chinese names, byte for byte; a list that does not fit is refused."""
        pdf, ofd = b"%PDF-1.4 " + bytes(range(256)) * 200, b"PK\x03\x04" + bytes(range(255, -1, -1)) * 70
        with open(self.path("attached"), "wb") as f:
            f.write(pdf + ofd)
        files = f"电子发票-1.pdf|application/pdf|{len(pdf)}\n电子发票-1.ofd|application/ofd|{len(ofd)}\n"
        port, box = self.serve()
        for html in "no", "yes":
            with self.relay("smtp_url = smtp://127.0.0.1:%d" % port, "smtp_from = ca@example.org", "smtp_html = " + html) as relay:
                told = relay.ask("email", {**self.notice, "files": files}, file=self.path("attached"))
                self.assertEqual(told["error"], "")
                for wrong in (files.replace(str(len(ofd)), str(len(ofd) - 1)), files.replace("application/ofd", "text/html"),
                              files.replace("电子发票-1.pdf", "../1.pdf"), files * 2):
                    told = relay.ask("email", {**self.notice, "files": wrong}, file=self.path("attached"))
                    self.assertEqual(told["error"], "MALFORMED", wrong)
                self.assertEqual(relay.ask("email", {**self.notice, "files": files})["error"], "MALFORMED")
            message = self.check(box.letters.pop())
            self.assertEqual(message.get_content_type(), "multipart/mixed")
            self.assertEqual(message.get_body(("html",)) is not None, html == "yes")
            self.assertEqual([(a.get_filename(), a.get_content_type(), a.get_payload(decode=True)) for a in message.iter_attachments()],
                             [("电子发票-1.pdf", "application/pdf", pdf), ("电子发票-1.ofd", "application/ofd", ofd)])

    def test_r_ops_7_refusals_are_told_apart(self):
        """R-OPS-7: what is tried again and what is not."""
        port, box = self.serve()
        with self.relay("smtp_url = smtp://127.0.0.1:%d" % port, "smtp_from = ca@example.org") as relay:
            for changes, error in (({"to": "nobody@example.com"}, "RELAY_RECIPIENT"),
                                   ({"to": "later@example.com"}, "RELAY_RATE"),
                                   ({"subject": "refuse-me"}, "RELAY_REFUSED"),
                                   ({"to": "no address"}, "RELAY_RECIPIENT"),
                                   ({"to": "a@example.com\nBcc: b@example.com"}, "RELAY_RECIPIENT"),
                                   ({"subject": "a\nBcc: b@example.com"}, "MALFORMED"),
                                   ({"text": ""}, "MALFORMED")):
                told = relay.ask("email", {**self.notice, **changes})
                self.assertEqual(told["error"], error, changes)
            self.assertEqual(relay.ask("email", self.notice)["error"], "")
        self.assertEqual(len(box.letters), 1)

    def test_tls_is_insisted_on(self):
        """A server without STARTTLS, one with an unknown certificate, and one with the right one."""
        plain, box = self.serve()
        context = self.certificate()
        good, good_box = self.serve(tls_context=context)
        login = ("smtp_from = ca@example.org",)
        with self.relay("smtp_url = smtp://127.0.0.1:%d" % plain, *login, insecure=False) as relay:
            self.assertEqual(relay.ask("email", self.notice)["error"], "RELAY_TLS")
        with self.relay("smtp_url = smtp://127.0.0.1:%d" % good, *login, insecure=False) as relay:
            self.assertEqual(relay.ask("email", self.notice)["error"], "RELAY_TLS")
        with self.relay("smtp_url = smtp://127.0.0.1:%d" % good, *login, "ca_file = " + self.path("tls.pem"),
                        insecure=False) as relay:
            self.assertEqual(relay.ask("email", self.notice)["error"], "")
        self.assertEqual((len(box.letters), len(good_box.letters)), (0, 1))

    def test_login(self):
        def login(server, session, envelope, mechanism, data):
            return AuthResult(success=(data.login, data.password) == (b"hufu", b"right"), handled=False)

        port, box = self.serve(tls_context=self.certificate(), authenticator=login, auth_required=True)
        for password, error in (("right\n", ""), ("wrong\n", "RELAY_REFUSED")):
            with open(self.path("password"), "w") as f:
                f.write(password)
            with self.relay("smtp_url = smtp://127.0.0.1:%d" % port, "smtp_from = ca@example.org", "smtp_user = hufu",
                            "smtp_password_file = " + self.path("password"), "ca_file = " + self.path("tls.pem"),
                            insecure=False) as relay:
                self.assertEqual(relay.ask("email", self.notice)["error"], error)
            self.assertNotIn(password.strip().encode(), relay.log)
        self.assertEqual(len(box.letters), 1)

    def test_a_server_that_hangs(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            with self.relay("smtp_url = smtp://127.0.0.1:%d" % silent.getsockname()[1], "smtp_from = ca@example.org",
                            "timeout_ms = 500") as relay:
                self.assertEqual(relay.ask("email", self.notice)["error"], "RELAY_TIMEOUT")
        with self.relay("smtp_url = smtp://127.0.0.1:%d" % free_port(), "smtp_from = ca@example.org") as relay:
            self.assertEqual(relay.ask("email", self.notice)["error"], "RELAY_UNREACHABLE")


class SmsGateway(http.server.ThreadingHTTPServer):
    """Both gateways as their documents say, written apart from the relay's code: what is not signed rightly is refused."""
    key_id, secret = "AKIDtest", "a-secret-of-the-gateway"

    def __init__(self):
        self.taken, self.answer = [], None

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gateway = self.server
                aliyun = "x-acs-action" in self.headers
                good = (gateway.aliyun if aliyun else gateway.tencent)(self.headers, self.path, body)
                if not good:
                    status, text = (400, {"Code": "SignatureDoesNotMatch"}) if aliyun else (
                        200, {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}})
                elif gateway.answer:
                    status, text = gateway.answer
                else:
                    gateway.taken.append(dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True)) if aliyun
                                         else json.loads(body))
                    status, text = 200, ({"Code": "OK", "BizId": "9001^0"} if aliyun else
                                         {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "2028:1"}]}})
                content = json.dumps(text).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @staticmethod
    def canonical(headers, path, body, signed):
        fields = "".join(f"{n}:{headers[n].strip().lower() if n == 'x-tc-action' else headers[n].strip()}\n" for n in signed.split(";"))
        return "\n".join(["POST", path, "", fields, signed, hashlib.sha256(body).hexdigest()])

    def mac(self, key, text):
        return hmac.new(key, text.encode(), hashlib.sha256)

    def aliyun(self, headers, path, body):
        scheme, fields = headers["Authorization"].split(" ", 1)
        fields = dict(part.split("=", 1) for part in fields.split(","))
        when = datetime.datetime.strptime(headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(
            self.canonical(headers, path, body, fields["SignedHeaders"]).encode()).hexdigest()
        return (scheme == "ACS3-HMAC-SHA256" and fields["Credential"] == self.key_id and abs(when.timestamp() - time.time()) < 60 and
                headers["x-acs-action"] == "SendSms" and headers["x-acs-version"] == "2017-05-25" and
                headers["x-acs-content-sha256"] == hashlib.sha256(body).hexdigest() and len(headers["x-acs-signature-nonce"]) >= 16 and
                {"host", "x-acs-action", "x-acs-date", "x-acs-content-sha256"} <= set(fields["SignedHeaders"].split(";")) and
                fields["Signature"] == self.mac(self.secret.encode(), text).hexdigest())

    def tencent(self, headers, path, body):
        scheme, fields = headers["Authorization"].split(" ", 1)
        fields = dict(part.strip().split("=", 1) for part in fields.split(","))
        stamp = headers["X-TC-Timestamp"]
        date = datetime.datetime.fromtimestamp(int(stamp), datetime.timezone.utc).strftime("%Y-%m-%d")
        scope = date + "/sms/tc3_request"
        text = "\n".join(["TC3-HMAC-SHA256", stamp, scope, hashlib.sha256(
            self.canonical(headers, path, body, fields["SignedHeaders"]).encode()).hexdigest()])
        key = ("TC3" + self.secret).encode()
        for part in date, "sms", "tc3_request":
            key = self.mac(key, part).digest()
        return (scheme == "TC3-HMAC-SHA256" and fields["Credential"] == f"{self.key_id}/{scope}" and abs(int(stamp) - time.time()) < 60 and
                headers["X-TC-Action"] == "SendSms" and headers["X-TC-Version"] == "2021-01-11" and headers["X-TC-Region"] and
                fields["Signature"] == self.mac(key, text).hexdigest())


class Sms(Case):
    notice = {"id": ID, "to": "13800138000", "name": "sms-code", "text": "【国资CA】验证码 123456", "values": "code=123456\nname=张 三&=\n"}

    def setUp(self):
        super().setUp()
        self.gateway = SmsGateway()
        self.addCleanup(self.gateway.server_close)
        self.addCleanup(self.gateway.shutdown)
        for name, content in ("secret", SmsGateway.secret + "\n"), ("codes", "# ours = theirs\nsms-code = SMS_154950909\n"):
            with open(self.path(name), "w") as f:
                f.write(content)

    def sms_relay(self, kind, *lines, secret="secret", port=None):
        return self.relay("sms_gateway = " + kind, f"sms_url = http://127.0.0.1:{port or self.gateway.server_port}",
                          "sms_key_id = " + SmsGateway.key_id, "sms_secret_file = " + self.path(secret), "sms_signature = 国资CA",
                          "sms_templates = " + self.path("codes"), "sms_app = 1400006666", *lines)

    def test_r_ops_7_aliyun(self):
        """R-OPS-7: signed as Aliyun wants it; the template's code and its values by name."""
        with self.sms_relay("aliyun") as relay:
            told = relay.ask("sms", self.notice)
            self.assertEqual((told["error"], told["record"].get("receipt")), ("", "9001^0"))
        taken, = self.gateway.taken
        self.assertEqual(json.loads(taken.pop("TemplateParam")), {"code": "123456", "name": "张 三&="})
        self.assertEqual(taken, {"PhoneNumbers": "13800138000", "SignName": "国资CA", "TemplateCode": "SMS_154950909", "OutId": ID_TEXT})

    def test_r_ops_7_tencent(self):
        """R-OPS-7: signed as Tencent wants it; the values in the template's order."""
        with self.sms_relay("tencent") as relay:
            told = relay.ask("sms", {**self.notice, "to": "+8613800138000"})
            self.assertEqual((told["error"], told["record"].get("receipt")), ("", "2028:1"))
        taken, = self.gateway.taken
        self.assertEqual(taken, {"PhoneNumberSet": ["+8613800138000"], "SmsSdkAppId": "1400006666", "SignName": "国资CA",
                                 "TemplateId": "SMS_154950909", "TemplateParamSet": ["123456", "张 三&="], "SessionContext": ID_TEXT})

    def test_r_ops_7_what_a_gateway_refuses(self):
        """R-OPS-7: what may do better later is told apart from what will not."""
        tencent = lambda code: (200, {"Response": {"SendStatusSet": [{"Code": code, "SerialNo": ""}]}})
        cases = {"aliyun": {"RELAY_RATE": [(200, {"Code": "isv.BUSINESS_LIMIT_CONTROL"}), (503, {}), (429, {})],
                            "RELAY_RECIPIENT": [(200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"})],
                            "RELAY_REFUSED": [(200, {"Code": "isv.SMS_TEMPLATE_ILLEGAL"}), (400, {"Code": "InvalidAccessKeyId.NotFound"})],
                            "RELAY_ANSWER": [(500, {}), (200, {"Code": "OK"}), (200, [])]},
                 "tencent": {"RELAY_RATE": [tencent("LimitExceeded.PhoneNumberDailyLimit")],
                             "RELAY_RECIPIENT": [tencent("InvalidParameterValue.IncorrectPhoneNumber")],
                             "RELAY_REFUSED": [tencent("FailedOperation.TemplateIncorrectOrUnapproved")],
                             "RELAY_ANSWER": [tencent("InternalError.Timeout"), (200, {"Response": {}}), tencent("Ok")]}}
        for kind, errors in cases.items():
            with self.sms_relay(kind) as relay:
                for error, answers in errors.items():
                    for self.gateway.answer in answers:
                        self.assertEqual(relay.ask("sms", self.notice)["error"], error, self.gateway.answer)
                self.gateway.answer = None
                self.assertEqual(relay.ask("sms", {**self.notice, "to": "0108888888"})["error"], "RELAY_RECIPIENT")
                self.assertEqual(relay.ask("sms", {**self.notice, "name": "unknown"})["error"], "RELAY_SMS_TEMPLATE")
        with open(self.path("other"), "w") as f:
            f.write("another secret")
        for kind in cases:
            with self.sms_relay(kind, secret="other") as relay:
                self.assertEqual(relay.ask("sms", self.notice)["error"], "RELAY_REFUSED")
            self.assertNotIn(b"another secret", relay.log)
        self.assertEqual(self.gateway.taken, [])

    def test_r_ops_7_a_gateway_that_is_down_blocks_nothing_else(self):
        with self.sms_relay("aliyun", "email_sink = " + self.path("email"), port=free_port()) as relay:
            waiting = relay.send("sms", self.notice)
            self.assertEqual(relay.ask("email", Mail.notice)["error"], "")
            self.assertEqual(relay.answer(waiting)["error"], "RELAY_UNREACHABLE")

    def test_what_is_missing_stops_the_start(self):
        for wrong, lines in (("sms_gateway", ["sms_gateway = other"]), ("sms_url", ["sms_gateway = aliyun"]),
                             ("sms_key_id", ["sms_gateway = aliyun", "sms_url = http://127.0.0.1:1"])):
            relay = self.relay(*lines)
            relay.close()
            self.assertIn(wrong.encode(), relay.log)


class Sinks(Case):
    def test_r_ops_7_notices_of_a_demonstration(self):
        """R-OPS-7: in a demonstration SMS and e-mail are lines of a file that only its owner reads."""
        with self.relay("sms_sink = " + self.path("sms"), "email_sink = " + self.path("mail")) as relay:
            sent = [relay.send("sms", {"id": ID, "to": "138%08d" % i, "text": "验证码\n%d" % i, "name": "code"})
                    for i in range(200)]
            for number in sent:
                self.assertEqual(relay.answer(number)["error"], "")
            self.assertEqual(relay.ask("email", {**Mail.notice, "id": ID})["error"], "")
            self.assertEqual(relay.ask("sms", {"id": ID, "to": "12", "text": "x"})["error"], "RELAY_RECIPIENT")
        with open(self.path("sms")) as f:
            lines = [json.loads(line) for line in f]
        self.assertEqual(sorted(line["to"] for line in lines), ["138%08d" % i for i in range(200)])
        self.assertEqual({line["id"] for line in lines}, {ID_TEXT})
        with open(self.path("mail")) as f:
            self.assertEqual(json.loads(f.read())["subject"], Mail.notice["subject"])
        self.assertEqual(stat.S_IMODE(os.stat(self.path("sms")).st_mode), 0o600)

    def test_without_gateways_it_says_so(self):
        with self.relay() as relay:
            self.assertEqual(relay.ask("sms", {"id": ID, "to": "13800000000", "text": "x"})["error"], "NOT_SUPPORTED")
            self.assertEqual(relay.ask("email", Mail.notice)["error"], "NOT_SUPPORTED")

    def test_a_wrong_configuration_stops_the_start(self):
        relay = self.relay("colour = red")
        self.assertEqual(json.loads(relay.process.stdout.readline())["error"], "IPC_CLOSED")
        relay.close()
        self.assertIn(b"CONFIG", relay.log)
        self.assertIn(b"colour", relay.log)
        relay = self.relay("smtp_url = smtp://127.0.0.1:1", "smtp_from = ca@example.org", "sms_sink = /nowhere/x")
        relay.close()
        self.assertIn(b"sms_sink", relay.log)


if __name__ == "__main__":
    unittest.main()
