"""What somebody could do to the trail of who did what who has the database."""
import contextlib
import hashlib
import sqlite3


def sm3(*parts):
    return hashlib.new("sm3", b"".join(parts)).digest()


def rebuild(folder):
    """The trail's leaves and tree as they would be made of its entries, by somebody who has the database."""
    with contextlib.closing(sqlite3.connect(folder + "/web/hufu.db")) as db, db:
        db.execute("DELETE FROM audit_leaf")
        peaks = []
        rows = db.execute("SELECT id, at_s, actor, actor_id, client, action, subject, detail, request, salt FROM audit "
                          "WHERE position > 0 ORDER BY position").fetchall()
        for position, (id_, at_s, *texts, salt) in enumerate(rows, 1):
            body = id_ + at_s.to_bytes(8, "big")
            for text in texts:
                body += b"\xff" * 4 if text is None else len(text.encode()).to_bytes(4, "big") + text.encode()
            # in the order of the row: id, time, then the texts
            leaf = sm3(b"\0", b"\0\1", b"\1", at_s.to_bytes(8, "big"), salt, body)
            db.execute("INSERT INTO audit_leaf (position, leaf) VALUES (?, ?)", (position, leaf))
            peaks.append((0, leaf))
            while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
                peaks[-2:] = [(peaks[-1][0] + 1, sm3(b"\1", peaks[-2][1], peaks[-1][1]))]
        db.execute("UPDATE audit_tree SET size = ?, peaks = ?", (len(rows), b"".join(hash_ for _, hash_ in peaks)))
    return len(rows)
