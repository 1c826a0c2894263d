#!/usr/bin/env python3
"""Scans in pieces (R-FORM-4): what arrived stays and is gone on with, and nobody gets in between."""
from concurrent.futures import ThreadPoolExecutor
import http.client
import os
import random
import unittest

from walk import Staff, Walk, noise, sm3
from world import World, wait_for

PIECE = 100_000
DAY_S = 86400


def scan():
    return noise(350_000)


class Pieces(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.staff = Staff(cls.world)
        cls.holder = Walk(cls.world, cls.staff).to("print_form")

    def setUp(self):
        for upload in self.uploads():
            self.holder.portal.api("DELETE", self.holder.path("uploads/" + upload["id"]))
        self.before = self.files()

    def files(self):
        return set(os.listdir(self.world.path("web/uploads")))

    def uploads(self):
        return self.holder.portal.api("GET", self.holder.path("uploads"))["items"]

    def begin(self, content, kind="license", **changes):
        body = {"kind": kind, "size": len(content), "sm3": sm3(content), **changes}
        return self.holder.portal.try_api("POST", self.holder.path("uploads"), body)

    def append(self, upload, piece, at, walk=None, **how):
        walk = walk or self.holder
        fields = {"Upload_Offset": str(at), **how}
        return walk.portal.try_api("PATCH", walk.path("uploads/" + upload["id"]), content=piece, **fields)

    def finish(self, upload):
        return self.holder.portal.try_api("POST", self.holder.path(f"uploads/{upload['id']}/attachment"))

    def send(self, upload, content, to=None, at=0):
        for begins in range(at, to or len(content), PIECE):
            answer = self.append(upload, content[begins:begins + PIECE], begins)
            self.assertEqual(answer.status, 200, answer)
        return answer

    def refused(self, answer, name):
        self.assertEqual(answer.name, name, answer)
        return answer

    def test_r_form_4_what_arrived_stays_and_is_gone_on_with(self):
        content = scan()
        upload = self.begin(content).json
        self.assertEqual((upload["offset"], upload["size"], upload["kind"]), (0, len(content), "license"))
        answer = self.send(upload, content, to=2 * PIECE)
        self.assertEqual((answer["offset"], answer.fields["Upload-Offset"]), (2 * PIECE, str(2 * PIECE)))
        self.world.kill("web")  # whoever comes next, the server too, knows how far it came
        self.world.settle()
        again = self.begin(content).json
        self.assertEqual((again["id"], again["offset"]), (upload["id"], 2 * PIECE))
        self.assertEqual(self.uploads(), [again])
        self.send(upload, content, at=2 * PIECE)
        done = self.finish(upload)
        self.assertEqual((done.status, done["kind"], done["type"], done["size"]), (201, "license", "png", len(content)))
        self.assertEqual(self.uploads(), [])
        self.assertEqual(len(self.files() - self.before), 1)  # the scan; its pieces are gone
        self.assertEqual(self.finish(upload).name, "NOT_FOUND")
        kept = self.holder.portal.api("GET", self.holder.path("attachments"))["items"]
        self.assertEqual([a["id"] for a in kept if a["kind"] == "license"], [done["id"]])

    def test_r_form_4_what_arrived_is_sealed(self):
        content = scan()
        self.send(self.begin(content).json, content)
        pieces = self.files() - self.before
        self.assertEqual(len(pieces), -(-len(content) // PIECE))
        for name in pieces:
            with open(self.world.path("web/uploads", name), "rb") as f:
                sealed = f.read()
            self.assertFalse(any(content[at:at + 16] in sealed for at in range(0, len(content), 1000)))

    def test_r_form_4_only_the_next_piece_is_taken(self):
        content = scan()
        upload = self.begin(content).json
        self.send(upload, content, to=PIECE)
        for at in 0, 1, PIECE - 1, PIECE + 1, len(content), 20_000_000:
            answer = self.refused(self.append(upload, content[:PIECE], at), "UPLOAD_OFFSET")
            self.assertEqual((answer.status, answer["detail"], answer["field"]), (409, str(PIECE), "Upload-Offset"))
        for at in "-1", "1e3", "20000001", "123456789", "":
            self.assertIn(self.append(upload, content[:PIECE], at).name, ("FIELD_FORMAT", "FIELD_LENGTH"))
        self.refused(self.append(upload, content[:PIECE], 0, Upload_Offset=None), "FIELD_MISSING")
        self.refused(self.append(upload, content[:1000], PIECE), "UPLOAD_PIECE")
        self.refused(self.append(upload, content[PIECE:] + b"x", PIECE), "UPLOAD_LONG")
        self.refused(self.append(upload, b"", PIECE, Content_Length="4000001"), "BODY_TOO_LARGE")
        self.refused(self.append(upload, b"", PIECE), "BODY_MISSING")
        self.refused(self.finish(upload), "UPLOAD_SHORT")
        self.assertEqual([u["offset"] for u in self.uploads()], [PIECE])
        self.assertEqual(len(self.files() - self.before), 1)

    def test_r_form_4_what_is_announced_has_limits(self):
        content = scan()
        for changes, name, field in (({"size": 20_000_001}, "FIELD_RANGE", "size"), ({"size": 0}, "FIELD_RANGE", "size"),
                                     ({"sm3": "00" * 31}, "FIELD_LENGTH", "sm3"), ({"sm3": "x" * 64}, "FIELD_FORMAT", "sm3"),
                                     ({"kind": "portrait"}, "FIELD_CHOICE", "kind"),
                                     ({"kind": "identity-new"}, "APPLICATION_FIELD", "kind")):
            self.assertEqual(self.refused(self.begin(content, **changes), name)["field"], field)
        self.assertEqual(self.uploads(), [])

    def test_r_form_4_a_line_that_breaks_in_a_piece_costs_that_piece(self):
        content = scan()
        upload = self.begin(content).json
        self.send(upload, content, to=PIECE)
        page, files = self.holder.portal, self.files()
        connection = http.client.HTTPConnection("127.0.0.1", page.port)
        connection.putrequest("PATCH", "/api/v1/" + self.holder.path("uploads/" + upload["id"]), skip_host=True)
        for name, value in {"Host": page.host, "Origin": page.origin, "Content-Type": "application/partial-upload",
                            "Upload-Offset": str(PIECE), "Content-Length": str(PIECE),
                            "Cookie": "; ".join(f"{n}={v}" for n, v in page.cookies.items())}.items():
            connection.putheader(name, value)
        connection.endheaders(content[PIECE:PIECE + 50_000])
        connection.close()
        wait_for("the piece's end", lambda: self.files() == files)
        self.assertEqual([u["offset"] for u in self.uploads()], [PIECE])

    def test_r_form_4_two_pages_at_once(self):
        content = scan()
        ids = {self.begin(content)["id"] for _ in range(2)}
        self.assertEqual(len(ids), 1)
        upload = {"id": ids.pop()}
        for at in range(0, len(content), PIECE):
            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda _: self.append(upload, content[at:at + PIECE], at), range(4)))
            self.assertEqual(sorted(a.status for a in answers), [200, 409, 409, 409])
        self.assertEqual(len(self.files() - self.before), -(-len(content) // PIECE))
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: self.finish(upload), range(3)))
        self.assertEqual([a.status for a in answers].count(201), 1, answers)
        self.assertTrue(all(a.status in (201, 404, 409, 503) for a in answers), answers)

    def test_r_form_4_another_file_takes_the_place(self):
        old, new = scan(), scan()
        first = self.begin(old).json
        self.send(first, old, to=2 * PIECE)
        second = self.begin(new).json
        self.assertEqual((second["id"] != first["id"], second["offset"]), (True, 0))
        self.assertEqual(self.files(), self.before)  # the pieces of before are gone
        self.refused(self.append(first, old[:PIECE], 2 * PIECE), "NOT_FOUND")
        self.assertEqual([u["id"] for u in self.uploads()], [second["id"]])

    def test_r_form_4_what_comes_is_what_was_announced(self):
        content = scan()
        upload = self.begin(content).json
        self.send(upload, content[:PIECE] + b"x" + content[PIECE + 1:])
        self.refused(self.finish(upload), "UPLOAD_CHANGED")
        self.assertEqual((self.uploads(), self.files()), ([], self.before))

    def test_r_form_4_what_is_no_scan_is_refused_and_gone(self):
        content = b"<html>" + random.randbytes(PIECE)
        upload = self.begin(content).json
        self.send(upload, content)
        self.refused(self.finish(upload), "FILE_TYPE")
        self.assertEqual((self.uploads(), self.files()), ([], self.before))

    def test_r_form_4_of_somebody_else(self):
        content = scan()
        upload = self.begin(content).json
        other = Walk(self.world, self.staff).to("print_form")
        for method, tail in ("GET", ""), ("DELETE", "/" + upload["id"]), ("POST", f"/{upload['id']}/attachment"):
            self.refused(other.portal.try_api(method, self.holder.path("uploads" + tail)), "NOT_FOUND")
        self.refused(other.portal.try_api("POST", self.holder.path("uploads"),
                                          {"kind": "license", "size": 5, "sm3": sm3(b"")}), "NOT_FOUND")
        # Nor under a number of one's own.
        self.refused(self.append(upload, content[:PIECE], 0, walk=other), "NOT_FOUND")
        self.refused(other.portal.try_api("DELETE", other.path("uploads/" + upload["id"])), "NOT_FOUND")
        self.assertEqual([u["offset"] for u in self.uploads()], [0])


class Lapse(unittest.TestCase):
    """A world of its own, whose time goes on."""

    def test_r_form_4_and_r_form_8_what_lapses_is_swept(self):
        with World() as world:
            staff, content = Staff(world), scan()
            walks = [Walk(world, staff).to("print_form") for _ in range(2)]
            files = lambda: set(os.listdir(world.path("web/uploads")))
            before = files()
            for walk in walks:
                upload = walk.portal.api("POST", walk.path("uploads"),
                                         {"kind": "license", "size": len(content), "sm3": sm3(content)}).json
                path = walk.path("uploads/" + upload["id"])
                walk.portal.api("PATCH", path, content=content[:PIECE], Upload_Offset="0")
            walks[1].portal.api("POST", walks[1].path("withdrawal"))
            answer = walks[1].portal.try_api("PATCH", path, content=content[PIECE:2 * PIECE], Upload_Offset=str(PIECE))
            self.assertEqual(answer.name, "APPLICATION_STATE")
            world.stop()
            world.start()  # the job runs when web starts
            wait_for("what belongs to an application that is over is gone", lambda: len(files() - before) == 1)
            self.assertEqual([u["offset"] for u in walks[0].portal.api("GET", walks[0].path("uploads"))["items"]], [PIECE])
            world.later(4 * DAY_S)
            wait_for("what nobody went on with is gone", lambda: files() == before)


if __name__ == "__main__":
    unittest.main()
