"""What the server's own words mean for a learner's text. No I/O."""

from __future__ import annotations

import time
from typing import Any

from ltt_collab.adapters.jupyter.versions import (
    TESTED_TEXT,
    LabPage,
    is_tested,
    told_room_server,
)
from ltt_collab.doctor.report import Check, Status

CLOCK_TOLERANCE = 5.0
"""Seconds between two clocks that an ``Expires`` of a token or the order of two chat messages can bear."""

CHAT_EXTENSION = "jupyterlab-chat-extension"
BROAD_SCOPES = ("admin:", "admin-ui", "tokens")
"""Beginnings of scopes that open the whole hub."""

INSTALL = "pip install ./deploy/learner (ltt-learner, from the LTT Collab sources) on that server and restart it"


def judge_reached(server_time: float | None) -> Check:
    if server_time is None:
        return Check(name="reachable", status=Status.OK, found="it answers; its clock is not told")
    skew = server_time - time.time()
    if abs(skew) <= CLOCK_TOLERANCE:
        return Check(name="reachable", status=Status.OK, found="it answers, and its clock agrees with ours")
    found = f"it answers, but its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} ours"
    return Check(name="reachable", status=Status.WARN, found=found, fix="set both clocks by NTP")


def judge_versions(rooms: str, page: LabPage, learner: dict[str, Any] | None) -> Check:
    found = f"jupyter-collaboration {rooms or 'unknown'}, JupyterLab {page.version or 'unknown'}"
    if page.is_rtc_disabled:
        fix = "start the server without --YDocExtension.disable_rtc"
        return Check(name="versions", status=Status.WARN, found="collaboration is switched off there", fix=fix)
    if not rooms:
        fix = "pip install 'jupyter-collaboration>=5.0.4,<6' on that server"
        return Check(name="versions", status=Status.WARN, found="no collaborative rooms that we know", fix=fix)
    room_server = told_room_server(learner)
    if room_server:
        found += f", jupyter-server-ydoc {room_server[:20]}"
    if is_tested(rooms, page.version, learner):
        return Check(name="versions", status=Status.OK, found=found)
    return Check(name="versions", status=Status.WARN, found=f"{found}: joined read-only", fix=f"use {TESTED_TEXT}")


def judge_store(learner: dict[str, Any] | None, rooms: str) -> Check:
    """Whether a notebook opened several times keeps its text: the stock store leaves a hole in the history."""
    if not rooms:
        return Check(name="history", status=Status.UNKNOWN, found="no rooms, so nothing is stored")
    store = learner.get("ystore") if learner is not None else None
    if not isinstance(store, dict):
        found = "no ltt-learner there: with the stock store, text is lost from the third opening of a notebook on"
        return Check(name="history", status=Status.RISK, found=found, fix=INSTALL)
    if store.get("gap_free") is not True:
        found = f"ltt-learner is there, but another store is configured: {str(store.get('class'))[:100]}"
        fix = "remove YDocExtension.ystore_class from that server's configuration"
        return Check(name="history", status=Status.RISK, found=found, fix=fix)
    places = learner.get("places") if learner is not None else None
    if isinstance(places, dict) and places.get("local") is False:
        found = f"gap-free, but its database lies on {str(places.get('filesystem'))[:40]}, where SQLite breaks"
        fix = "put SQLiteYStore.db_path and BaseFileIdManager.db_path on a local disk"
        return Check(name="history", status=Status.RISK, found=found, fix=fix)
    return Check(name="history", status=Status.OK, found="gap-free store, on a local disk")


def judge_chat(page: LabPage) -> Check:
    if CHAT_EXTENSION in page.extensions:
        return Check(name="chat", status=Status.OK, found="jupyterlab-chat is installed")
    found = "no jupyterlab-chat: learners cannot ask in the chat"
    return Check(name="chat", status=Status.WARN, found=found, fix="pip install jupyterlab-chat on that server")


def judge_promptness(learner: dict[str, Any] | None) -> Check:
    """Small things that our extension mends."""
    if learner is None:
        found = "kernel answers take some 40 ms longer, and the server hangs when stopped with a room open"
        return Check(name="server", status=Status.WARN, found=found, fix=INSTALL)
    missing = [name for name in ("nodelay", "clean_stop") if learner.get(name) is not True]
    if missing:
        fix = "switch these on in that server's LearnerExtension configuration"
        return Check(name="server", status=Status.WARN, found=f"switched off: {', '.join(missing)}", fix=fix)
    return Check(name="server", status=Status.OK, found=f"ltt-learner {str(learner.get('version'))[:20]} is active")


def judge_autosave(settings: object) -> Check:
    """Whether the learner's browser asks for saving; the document is saved as long as one client does."""
    if not isinstance(settings, dict):
        return Check(name="autosave", status=Status.UNKNOWN, found="JupyterLab's settings cannot be read")
    if settings.get("autosave", True) is False:
        found = "switched off by the learner: what is typed reaches the disk only by Save"
        return Check(name="autosave", status=Status.WARN, found=found, fix="Settings → Autosave Documents")
    return Check(name="autosave", status=Status.OK, found="on")


def judge_scopes(scopes: list[object]) -> Check:
    """Whether the token may do what we need at the hub, and not much more."""
    names = sorted(str(scope)[:80] for scope in scopes)
    broad = [name for name in names if name.startswith(BROAD_SCOPES)]
    if broad:
        fix = "use a service token of the role in the deployment guide"
        return Check(name="hub", status=Status.WARN, found=f"more than is needed: {', '.join(broad)}", fix=fix)
    fix = "" if any(name.startswith("access:servers") for name in names) else "grant access:servers to the service"
    status = Status.WARN if fix else Status.OK
    return Check(name="hub", status=status, found=f"scopes: {', '.join(names) or 'none'}"[:300], fix=fix)
