"""Mounts that only what is started here sees."""


def unshare(*options):
    """The words before a command that give it mounts of its own, and what else OPTIONS of unshare(1) say. Where / is no mount
    point, as in a chroot, the kernel refuses to make it private: there whoever made the chroot has seen to that."""
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        own = any(line.split()[4] == "/" for line in f)
    return ["unshare", "-m", *([] if own else ["--propagation", "unchanged"]), *options]


if __name__ == "__main__":  # for tests that are not in Python
    print(" ".join(unshare()))
