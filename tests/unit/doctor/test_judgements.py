"""What a server's own words mean for a learner's text."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from rich.console import Console

from ltt_collab.adapters.jupyter.versions import LabPage, read_lab_page
from ltt_collab.doctor import Check, Report, Status, render
from ltt_collab.doctor.judgements import (
    judge_autosave,
    judge_chat,
    judge_promptness,
    judge_reached,
    judge_scopes,
    judge_store,
    judge_versions,
)

LAB = LabPage(version="4.6.6", extensions=frozenset({"jupyterlab-chat-extension"}))
SAFE: dict[str, Any] = {
    "version": "0.1.0",
    "ystore": {"class": "ltt_learner.store.LearnerYStore", "gap_free": True},
    "nodelay": True,
    "clean_stop": True,
    "places": {"filesystem": "ext4", "local": True},
    "versions": {"jupyter_server_ydoc": "3.0.4"},
}


@pytest.mark.proves("doctor:store-at-risk")
@pytest.mark.parametrize(
    ("learner", "words"),
    [
        (None, "stock store"),
        ({}, "stock store"),
        ({"ystore": None}, "stock store"),
        (SAFE | {"ystore": {"gap_free": False, "class": "some.Store"}}, "another store"),
        (SAFE | {"ystore": {"gap_free": "yes"}}, "another store"),
        (SAFE | {"places": {"filesystem": "nfs4", "local": False}}, "nfs4"),
    ],
)
def test_text_at_risk_is_said_with_a_fix(learner: dict[str, Any] | None, words: str) -> None:
    check = judge_store(learner, "5.0.4")
    assert check.status is Status.RISK
    assert words in check.found
    assert check.fix
    assert Report(server="s", checks=(check,)).exit_code == 1


def test_a_gap_free_store_on_a_local_disk_is_well() -> None:
    check = judge_store(SAFE, "5.0.4")
    assert check.status is Status.OK
    assert Report(server="s", checks=(check,)).exit_code == 0


def test_without_rooms_nothing_is_stored() -> None:
    assert judge_store(None, "").status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("rooms", "page", "learner", "status", "words"),
    [
        ("5.0.4", LAB, SAFE, Status.OK, "5.0.4"),
        ("5.0.4", LAB, None, Status.OK, "4.6.6"),
        ("4.4.2", LabPage(version="4.4.10"), {"versions": {"jupyter_server_ydoc": "2.4.2"}}, Status.OK, "2.4.2"),
        ("4.4.2", LabPage(version="4.5.11"), None, Status.OK, "4.4.2"),
        ("4.4.2", LAB, None, Status.WARN, "read-only"),
        ("4.4.2", LAB, {"versions": {"jupyter_server_ydoc": "3.0.4"}}, Status.WARN, "read-only"),
        ("4.3.0", LabPage(version="4.4.10"), None, Status.WARN, "read-only"),
        ("5.0.4", LabPage(version="4.5.11"), None, Status.WARN, "read-only"),
        ("5.1.0", LAB, None, Status.WARN, "read-only"),
        ("5.0.4", LabPage(version="5.0.0"), None, Status.WARN, "read-only"),
        ("5.0.4", LAB, {"versions": {"jupyter_server_ydoc": "3.1.0"}}, Status.WARN, "read-only"),
        ("", LAB, None, Status.WARN, "no collaborative rooms"),
        ("5.0.4", LabPage(version="4.6.6", is_rtc_disabled=True), None, Status.WARN, "switched off"),
    ],
)
def test_versions_are_judged_by_what_we_test(
    rooms: str, page: LabPage, learner: dict[str, Any] | None, status: Status, words: str
) -> None:
    check = judge_versions(rooms, page, learner)
    assert check.status is status
    assert words in check.found


@pytest.mark.parametrize(("skew", "status"), [(0.0, Status.OK), (60.0, Status.WARN), (-60.0, Status.WARN)])
def test_a_wrong_clock_is_noticed(skew: float, status: Status) -> None:
    assert judge_reached(time.time() + skew).status is status


def test_small_things_are_warnings() -> None:
    assert judge_chat(LAB).status is Status.OK
    assert judge_chat(LabPage()).status is Status.WARN
    assert judge_autosave({}).status is Status.OK
    assert judge_autosave({"autosave": False}).status is Status.WARN
    assert judge_autosave(None).status is Status.UNKNOWN
    assert judge_promptness(None).status is Status.WARN
    assert "nodelay" in judge_promptness(SAFE | {"nodelay": False}).found
    assert judge_promptness(SAFE).status is Status.OK


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        (["access:servers", "list:users!group=learners"], Status.OK),
        (["access:servers!server=alice/"], Status.OK),
        (["list:users"], Status.WARN),
        (["access:servers", "admin:users"], Status.WARN),
        ([], Status.WARN),
    ],
)
def test_scopes_are_neither_too_few_nor_too_many(scopes: list[object], status: Status) -> None:
    assert judge_scopes(scopes).status is status


def test_the_front_page_tells_version_and_extensions() -> None:
    config = {"appVersion": "4.6.6", "federated_extensions": [{"name": "a"}, 7], "disableRTC": True}
    page = f'<script id="jupyter-config-data" type="application/json">{json.dumps(config)}</script>'
    read = read_lab_page(page.encode())
    assert (read.version, read.is_rtc_disabled) == ("4.6.6", True)
    assert "a" in read.extensions


@pytest.mark.parametrize(
    "page",
    [b"", b"<html>"]
    + [b'<script id="jupyter-config-data" type="application/json">' + said + b"</script>" for said in (b"{", b"[7]")],
)
def test_a_front_page_that_tells_nothing_is_no_error(page: bytes) -> None:
    assert read_lab_page(page) == LabPage()


def test_a_report_reads_as_json_and_as_a_table_without_markup() -> None:
    check = Check(name="token", status=Status.RISK, found="[bold]no[/bold]", fix="do this")
    report = Report(server="http://h/", checks=(check,))
    said = json.loads(report.to_json())
    assert said["exit_code"] == 1
    assert said["checks"] == [{"name": "token", "status": "risk", "found": "[bold]no[/bold]", "fix": "do this"}]
    out = io.StringIO()
    render(report, Console(file=out, width=100))
    assert "[bold]no[/bold]" in out.getvalue()
