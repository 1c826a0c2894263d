"""R-ACCT-4 each operation tried by everybody: what api/openapi.json says about access is what happens."""
import os
import unittest

from fields import Case, Document
from page import Page
from walk import Staff, Walk
from world import ROOT, World

ROLES = ["administrator", "reviewer", "producer", "finance", "auditor"]


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        staff = Staff(cls.world)
        walk = Walk(cls.world, staff).to("platform_login")
        cls.pages = {role: staff.get(role).page for role in ROLES}
        cls.pages["holder"], cls.pages["platform"] = walk.portal, walk.platform
        cls.operations = [o for o in Document(os.path.join(ROOT, "api/openapi.json")).operations
                          if o.id not in ("session_end", "application_events")]

    def ask(self, operation, page, host):
        """By PAGE's cookies, at HOST."""
        case = Case(operation, "")
        asking = Page(self.world.address(host))
        asking.cookies = dict(page.cookies) if page else {}
        path = case.target()
        return asking.ask(operation.method, path, case.body if operation.kind == "json" else None,
                          content=b"x" if operation.kind in ("raw", "upload") else None)

    def may(self, operation, who):
        if operation.access == "operator":
            return who in operation.roles
        return operation.access in ("public", "any") or operation.access == who

    def hosts(self, operation):
        return ["portal", "console", "platform"] if operation.host == "any" else [operation.host]

    def test_r_acct_4_each_operation_by_each_role(self):
        count = 0
        for operation in self.operations:
            for who, page in self.pages.items():
                at = {"holder": "portal", "platform": "platform"}.get(who, "console")
                if at not in self.hosts(operation):
                    continue  # there the person has no session, and the operation is not to be had elsewhere
                with self.subTest(f"{operation.id} by {who}"):
                    answer = self.ask(operation, page, at)
                    count += 1
                    self.assertNotEqual(answer.status, 500, answer)
                    if self.may(operation, who):
                        self.assertNotIn(answer.name, ("NOT_PERMITTED", "LOGIN_NEEDED", "SESSION_OVER"), answer)
                    else:
                        self.assertEqual((answer.status, answer.name), (403, "NOT_PERMITTED"))
        self.assertGreater(count, 100)

    def test_r_acct_4_nobody_and_sessions_of_other_hosts(self):
        for operation in self.operations:
            for host in self.hosts(operation):
                for who in (None, *self.pages):
                    at = {"holder": "portal", "platform": "platform", None: None}.get(who, "console")
                    if operation.access == "public" or at == host:
                        continue
                    with self.subTest(f"{operation.id} by {who} at {host}"):
                        answer = self.ask(operation, self.pages.get(who), host)
                        self.assertEqual(answer.status, 401)
                        self.assertIn(answer.name, ("LOGIN_NEEDED", "SESSION_OVER"))

    def test_hosts_offer_only_what_is_theirs(self):
        for operation in self.operations:
            for host in {"portal", "console", "platform"} - set(self.hosts(operation)):
                with self.subTest(f"{operation.id} at {host}"):
                    answer = self.ask(operation, None, host)
                    self.assertEqual((answer.status, answer.name), (404, "ROUTE_UNKNOWN"))


if __name__ == "__main__":
    unittest.main()
