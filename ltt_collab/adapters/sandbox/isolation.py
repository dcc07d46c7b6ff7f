"""Takes a process of ours away from the machine: namespaces, an own root of files, a user id, limits.

Only the standard library, and only what works after a fork. Each step either works or is named among what is missing:
a container often forbids namespaces, and macOS has none. Linux only, except for limits and user ids.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
CAPABILITY_VERSION = 0x20080522
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

NETWORK, PROCESSES, FILES = "network", "processes", "files"

FIRST_UID, UIDS = 61184, 4336
"""The range that systemd keeps for processes of the moment: no person and no service has one of them for good."""

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc")
DEVICES = ("null", "zero", "full", "random", "urandom")
HOME, SOCKETS = "/home/learner", "/run/ltt"
"""Where a kernel's folder and its sockets are seen inside."""

FILE_BYTES, OPEN_FILES, PROCESS_COUNT, CPU_SECONDS = 64 << 20, 512, 128, 300
SCRATCH_BYTES = 128 << 20

OURS = str(Path(__file__).resolve().parents[2])
"""Where our package lies."""

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library.

    Raises:
        OSError: it failed, or this system has no such function.
    """
    try:
        function: Callable[..., int] = getattr(_libc, name)
    except AttributeError as error:
        raise OSError(f"this system has no {name}") from error
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent() -> None:
    """Be killed when the parent ends, however that comes; on Linux only."""
    if sys.platform == "linux":
        _call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def be_unreadable() -> None:
    """Let no process of the same user look into this one or trace it."""
    if sys.platform == "linux":
        _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)


def enter_namespaces(parts: Sequence[str]) -> None:
    """Leave the machine's network, processes and mounts, those of ``parts``.

    Raises:
        OSError: not allowed here.
    """
    flags = {NETWORK: CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC, PROCESSES: CLONE_NEWPID, FILES: CLONE_NEWNS}
    wanted = sum(flags[part] for part in parts)
    if not wanted:
        return
    uid, gid = os.getuid(), os.getgid()
    if uid != 0:
        wanted |= CLONE_NEWUSER
    _call("unshare", wanted)
    if uid != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def own_root(folder: str, interpreter: Sequence[str], *, own_processes: bool) -> None:
    """Make a root of the system's folders and the interpreter's, read only; ``folder`` is all of ours in it.

    ``folder`` holds ``work`` (seen as HOME), ``run`` (seen as SOCKETS) and ``root``, an empty folder for the root.

    Raises:
        OSError: not allowed here.
    """
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    root = f"{folder}/root"
    _mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    for path, size in (("/tmp", SCRATCH_BYTES), ("/dev/shm", SCRATCH_BYTES)):
        Path(root + path).mkdir(parents=True, exist_ok=True)
        _mount("tmpfs", root + path, "tmpfs", MS_NOSUID | MS_NODEV, f"size={size},mode=1777")
    for path in dict.fromkeys((*SYSTEM_FOLDERS, *interpreter)):
        _show(path, root)
    if Path(root + OURS).is_dir():  # installed among Python's packages: sample courses with their answers lie in there
        _mount("tmpfs", root + OURS, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k,mode=555")
    for part, inside in ((f"{folder}/work", HOME), (f"{folder}/run", SOCKETS)):
        Path(root + inside).mkdir(parents=True)
        _mount(part, root + inside, None, MS_BIND)
    for device in DEVICES:
        Path(f"{root}/dev/{device}").touch()
        _mount(f"/dev/{device}", f"{root}/dev/{device}", None, MS_BIND)
    _offer_terminals(root)
    Path(f"{root}/proc").mkdir()
    if own_processes:
        _mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV)
    else:
        _mount("/proc", f"{root}/proc", None, MS_BIND | MS_REC)
    _mount("none", root, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)
    _turn_to(root)


def _offer_terminals(root: str) -> None:
    """Pseudo-terminals of its own: IPython runs ``!command`` in one."""
    Path(f"{root}/dev/pts").mkdir()
    Path(f"{root}/dev/ptmx").symlink_to("pts/ptmx")
    with contextlib.suppress(OSError):  # then shell lines fail in notebooks, and nothing else
        _mount("devpts", f"{root}/dev/pts", "devpts", MS_NOSUID, "newinstance,ptmxmode=0666,mode=0620")


def _show(path: str, root: str) -> None:
    """Let a folder of the machine be seen at the same place below ``root``, read only where that is allowed."""
    if not Path(path).exists() or Path(root + path).exists():
        return
    if Path(path).is_symlink():
        Path(root + path).symlink_to(Path(path).readlink())
        return
    Path(root + path).mkdir(parents=True)
    _mount(path, root + path, None, MS_BIND | MS_REC)
    with contextlib.suppress(OSError):  # in a user namespace of ours the outer flags are locked; it is root's anyway
        _mount("none", root + path, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID)


def _turn_to(root: str) -> None:
    number = PIVOT_ROOT.get(os.uname().machine)
    os.chdir(root)
    if number is None:
        os.chroot(".")
    else:
        if _libc.syscall(number, b".", b".") != 0:
            raise OSError(ctypes.get_errno(), "pivot_root")
        _call("umount2", b".", MNT_DETACH)
    os.chdir("/")


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    filesystem = kind.encode() if kind else None
    _call("mount", source.encode(), target.encode(), filesystem, ctypes.c_ulong(flags), options.encode() or None)


def limit() -> None:
    """Bound what one process may take; the memory is bounded when the kernel is handed out."""
    bounds = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CPU: CPU_SECONDS,
    }
    if os.getuid() == 0:  # the count is one of a user: only one that nobody else is may be held to so few
        bounds[resource.RLIMIT_NPROC] = PROCESS_COUNT
    for which, bound in bounds.items():
        _, hard = resource.getrlimit(which)
        most = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (most, most))


def give_up_rights(uid: int | None) -> None:
    """Become the user ``uid`` (None: stay who we are) without any right of root, for good."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if sys.platform == "linux":
        _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
        _call("capset", header, (ctypes.c_uint32 * 6)())


def free_uid(preferred: int) -> int:
    """A user id of the range that no process has now."""
    taken = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            taken.add(process.stat().st_uid)
    order = (FIRST_UID + (preferred + step) % UIDS for step in range(UIDS))
    return next((uid for uid in order if uid not in taken), FIRST_UID + preferred % UIDS)
