"""``python -I -m ltt_collab.adapters.sandbox.zygote``: loads ipykernel once and forks a kernel in a tenth of a second.

Speaks JSON lines. It is told ``{"op": "spawn", "id", "folder", "key"}`` and ``{"op": "kill", "id"}``, and tells
``{"event": "open", "missing", "inside"}`` once, then for each kernel ``ready``, ``died`` (``signal``, ``status``,
``peak_kib``) and at last ``gone``. When its input ends, as it does when our service is killed, it kills every kernel
and removes ``base``. Killed itself, it takes them along: each has a keeper that dies with its parent, and with the
keeper all processes of the kernel's own process namespace.

No learner's code runs in here: the processes are zygote → keeper → first process of the namespace → kernel.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltt_collab.adapters.sandbox import isolation
from ltt_collab.adapters.sandbox.isolation import FILES, HOME, NETWORK, PROCESSES, SOCKETS

DIED_OF_SIGNAL = 128
_IN, _OUT = 0, 1
_DESCRIPTORS = 4096


@dataclass(slots=True, kw_only=True)
class _Kept:
    """One kernel: its keeper, the pipe over which it reports, the user id that it has."""

    keeper: int
    pipe: int
    uid: int | None
    folder: str
    kernel: int = 0
    unread: bytes = b""


class Zygote:
    """Forks kernels and sees that none outlives its time.

    Invariants:
        1. A kernel's ``gone`` is told only when no process of it is left.
        2. Nothing of a kernel is left when the zygote's input has ended.
    """

    def __init__(self, base: str, preload: list[str]) -> None:
        self._base = base
        self._kept: dict[str, _Kept] = {}
        self._unread = b""
        for name in ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", *preload):
            # What a learner may import is a convenience here; without ipykernel the import error ends us, and is said.
            with contextlib.suppress(ImportError) if name in preload else contextlib.nullcontext():
                importlib.import_module(name)
        self._parts = _possible(base)

    def run(self) -> None:
        """Serve until the input ends."""
        gc.collect()
        gc.freeze()  # what is loaded stays shared memory of all kernels
        missing = [part for part in (NETWORK, PROCESSES, FILES) if part not in self._parts]
        if os.getuid() != 0:
            missing.append("user id")
        _tell({"event": "open", "missing": missing, "inside": FILES in self._parts})
        try:
            while self._turn():
                pass
        finally:
            for name in list(self._kept):
                self._end(name)
            shutil.rmtree(self._base, ignore_errors=True)

    def _turn(self) -> bool:
        pipes = {kept.pipe: name for name, kept in self._kept.items()}
        readable, _, _ = select.select([_IN, *pipes], [], [])
        for descriptor in readable:
            if descriptor in pipes:
                self._hear(pipes[descriptor])
        if _IN in readable:
            data = os.read(_IN, 65536)
            if not data:
                return False
            *lines, self._unread = (self._unread + data).split(b"\n")
            for line in lines:
                self._obey(json.loads(line))
        return True

    def _obey(self, order: dict[str, Any]) -> None:
        name = order["id"]
        if order["op"] == "spawn":
            self._spawn(name, order["folder"], order["key"])
        elif name in self._kept:
            self._end(name)

    def _spawn(self, name: str, folder: str, key: str) -> None:
        uid = isolation.free_uid(random.randrange(isolation.UIDS)) if os.getuid() == 0 else None
        reading, writing = os.pipe()
        keeper = os.fork()
        if keeper == 0:
            os.close(reading)
            _keep(folder, key, uid, self._parts, writing)
        os.close(writing)
        self._kept[name] = _Kept(keeper=keeper, pipe=reading, uid=uid, folder=folder)

    def _hear(self, name: str) -> None:
        kept = self._kept[name]
        data = os.read(kept.pipe, 65536)
        if not data:
            self._end(name)
            return
        *lines, kept.unread = (kept.unread + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            kept.kernel = said.get("pid", kept.kernel)
            if said["event"] != "born":
                _tell(said | {"id": name})

    def _end(self, name: str) -> None:
        kept = self._kept.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(kept.keeper, signal.SIGKILL)
        if PROCESSES not in self._parts:  # no namespace that would end with its first process
            _kill_group(kept.kernel)
            if kept.uid is not None:
                _kill_all_of(kept.uid)
        os.waitpid(kept.keeper, 0)
        os.close(kept.pipe)
        shutil.rmtree(kept.folder, ignore_errors=True)
        _tell({"event": "gone", "id": name})  # keeps 1


def _tell(event: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(_OUT, json.dumps(event).encode() + b"\n")


def _kill_group(leader: int) -> None:
    if leader > 0:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def _kill_all_of(uid: int) -> None:
    """Kill every process of a user id that is ours for one kernel only."""
    child = os.fork()
    if child == 0:
        os.setresuid(uid, uid, uid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all that this user may kill: its own, and this child
        os._exit(0)
    os.waitpid(child, 0)


def _possible(base: str) -> tuple[str, ...]:
    """The kinds of isolation that this machine allows us, each tried in a child; together, or one by one."""
    every = (NETWORK, PROCESSES, FILES) if sys.platform == "linux" else ()
    if not every or _try(base, every):
        return every
    fits: tuple[str, ...] = ()
    for part in every:
        if _try(base, (*fits, part)):
            fits = (*fits, part)
    return fits


def _try(base: str, parts: tuple[str, ...]) -> bool:
    folder = f"{base}/probe"
    for part in ("work", "run", "root"):
        Path(folder, part).mkdir(parents=True, exist_ok=True)
    child = os.fork()
    if child == 0:
        try:
            isolation.enter_namespaces(parts)
            first = os.fork()
            if first == 0:
                _settle(folder, parts)
                os._exit(0)
            os._exit(0 if os.waitpid(first, 0)[1] == 0 else 1)
        except OSError:
            os._exit(1)
    possible = os.waitpid(child, 0)[1] == 0
    shutil.rmtree(folder, ignore_errors=True)
    return possible


def _settle(folder: str, parts: tuple[str, ...]) -> None:
    if FILES in parts:
        isolation.own_root(folder, _interpreter(), own_processes=PROCESSES in parts)


def _interpreter() -> list[str]:
    """The folders without which Python and its packages do not run; not all of ``sys.path``, where courses may lie."""
    packages = str(Path(str(importlib.import_module("ipykernel").__file__)).parent.parent)
    return sorted({sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent), packages})


def _keep(folder: str, key: str, uid: int | None, parts: tuple[str, ...], pipe: int) -> None:
    """Be the keeper of one kernel: end when it ends, and take it along when ending."""
    code = 1
    os.closerange(3, pipe)  # the zygote's pipes to its other kernels, and its own input and output
    os.closerange(pipe + 1, _DESCRIPTORS)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (_IN, _OUT):
        os.dup2(nothing, descriptor)
    try:
        isolation.die_with_parent()
        isolation.enter_namespaces(parts)
        if PROCESSES not in parts:
            code = _be_first(folder, key, uid, parts, pipe)
        else:
            first = os.fork()
            if first == 0:
                isolation.die_with_parent()
                code = _be_first(folder, key, uid, parts, pipe)
            else:
                os.close(pipe)
                os.waitpid(first, 0)
    except OSError as error:
        with contextlib.suppress(OSError):
            _report(pipe, {"event": "died", "status": 1, "signal": 0, "peak_kib": 0, "reason": str(error)})
    finally:
        os._exit(code)


def _be_first(folder: str, key: str, uid: int | None, parts: tuple[str, ...], pipe: int) -> int:
    """Be the first process of the namespace: start the kernel, gather the dead, tell how the kernel ended."""
    isolation.be_unreadable()
    for part in ("work", "run"):
        if uid is not None:
            os.chown(f"{folder}/{part}", uid, uid)
    _settle(folder, parts)
    places = (HOME, SOCKETS) if FILES in parts else (f"{folder}/work", f"{folder}/run")
    kernel = os.fork()
    if kernel == 0:
        try:
            os.setsid()
            isolation.limit()
            isolation.give_up_rights(uid)
            isolation.die_with_parent()  # after the change of user, which would undo it
            _be_kernel(places, key, pipe)
        finally:
            os._exit(1)
    _report(pipe, {"event": "born", "pid": kernel})
    while True:
        ended, status, usage = os.wait4(-1, 0)
        if ended == kernel:
            break
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else DIED_OF_SIGNAL + number
    _report(pipe, {"event": "died", "signal": number, "status": code, "peak_kib": usage.ru_maxrss})
    return 0


def _report(pipe: int, event: dict[str, Any]) -> None:
    os.write(pipe, json.dumps(event).encode() + b"\n")


def _be_kernel(places: tuple[str, str], key: str, pipe: int) -> None:
    """Become an ipykernel in its own folder; nothing of the zygote's pipes is left open in it."""
    home, sockets = places
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.chdir(home)
    given = {"HOME": home, "IPYTHONDIR": f"{sockets}/ipython", "PWD": home}
    os.environ.update(given)  # noqa: TID251 - the kernel's own environment, scrubbed by who started the zygote
    random.seed()
    ports = {f"{name}_port": number for number, name in enumerate(("shell", "iopub", "stdin", "control", "hb"), 1)}
    connection = {"transport": "ipc", "ip": f"{sockets}/k", "key": key, "signature_scheme": "hmac-sha256", **ports}
    Path(sockets, "connection.json").write_text(json.dumps(connection))
    kernelapp = importlib.import_module("ipykernel.kernelapp")
    app = kernelapp.IPKernelApp.instance()
    app.initialize(["-f", f"{sockets}/connection.json", "--HistoryManager.enabled=False", "--log-level=CRITICAL"])
    _report(pipe, {"event": "ready"})
    os.close(pipe)
    app.start()


if __name__ == "__main__":
    Zygote(sys.argv[1], sys.argv[2].split(",") if sys.argv[2] else []).run()
