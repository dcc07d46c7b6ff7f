"""Log lines have stable keys and hold neither secrets nor learners' text."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from ltt_collab.model.edits import Splice
from ltt_collab.model.reporting import LogFormat, LogLevel
from ltt_collab.telemetry.logging import configure_logging

TOKEN = "abcd1234efgh"


@pytest.fixture
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


class Lines(io.StringIO):
    """What was logged."""

    def as_json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines(_restored_logging: None) -> Lines:
    out = Lines()
    configure_logging(LogFormat.JSON, LogLevel.DEBUG, secrets=[SecretStr(TOKEN)], stream=out)
    return out


def test_a_line_is_one_json_object_with_its_keys_level_and_time(lines: Lines) -> None:
    structlog.get_logger("x").info("room joined", room="r1", attempt=2)
    (line,) = lines.as_json()
    assert line["event"] == "room joined"
    assert line["room"] == "r1"
    assert line["attempt"] == 2
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


@pytest.mark.proves("telemetry:no-secret-in-a-log-line")
@pytest.mark.parametrize(
    "keys",
    [
        {"token": "anything"},
        {"headers": {"Authorization": "token zzz-unknown"}},
        {"url": "http://h/lab?token=zzz-unknown&x=1"},
        {"reason": "sent Authorization: Bearer zzz-unknown"},
        {"database": "postgresql+asyncpg://ltt:zzz-unknown@db/ltt"},
        {"reason": f"the server said {TOKEN} is wrong"},
        {"nested": [{"deep": (f"x{TOKEN}y",)}]},
        {"error": ValueError(f"bad {TOKEN}")},
        {"value": SecretStr("zzz-unknown")},
    ],
)
def test_no_secret_is_written(lines: Lines, keys: dict[str, Any]) -> None:
    structlog.get_logger("x").warning("refused", **keys)
    structlog.get_logger("x").debug("refused", **keys)
    written = lines.getvalue()
    assert TOKEN not in written
    assert "zzz-unknown" not in written
    assert "anything" not in written
    assert len(lines.as_json()) == 2


def test_a_port_is_no_password(lines: Lines) -> None:
    structlog.get_logger("x").info("listens", url="http://127.0.0.1:8700/api")
    assert lines.as_json()[0]["url"] == "http://127.0.0.1:8700/api"


def test_a_secret_in_a_traceback_is_not_written(lines: Lines) -> None:
    try:
        raise RuntimeError(f"with {TOKEN}")
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
    assert TOKEN not in lines.getvalue()
    assert "RuntimeError" in lines.as_json()[0]["exception"]


@pytest.mark.proves("telemetry:no-learner-text-at-info")
def test_a_learners_text_is_written_at_debug_only(lines: Lines) -> None:
    log = structlog.get_logger("x")
    splice = Splice(at=0, deleted=0, inserted="my diary")
    for write in (log.info, log.warning, log.error):
        write("edited", source="my diary", splices=(splice,), edit=splice)
    assert "diary" not in lines.getvalue()
    assert lines.as_json()[0]["source"] == "<8>"
    log.debug("edited", source="my diary")
    assert "my diary" in lines.getvalue()


def test_a_librarys_line_looks_like_ours_and_is_redacted_too(lines: Lines) -> None:
    logging.getLogger("some.library").warning("GET %s", f"http://h/?token={TOKEN}")
    (line,) = lines.as_json()
    assert line["level"] == "warning"
    assert line["event"] == "GET http://h/?token=[redacted]"


@pytest.mark.usefixtures("_restored_logging")
def test_lines_below_the_level_are_not_written() -> None:
    out = Lines()
    early = structlog.get_logger("early")
    configure_logging(LogFormat.JSON, LogLevel.WARNING, stream=out)
    early.info("too quiet")
    structlog.get_logger("x").info("too quiet")
    logging.getLogger("httpx").info("HTTP Request: GET /")
    assert out.getvalue() == ""


def test_configuring_twice_writes_a_line_once(lines: Lines) -> None:
    configure_logging(LogFormat.JSON, LogLevel.INFO, stream=lines)
    structlog.get_logger("x").info("once")
    assert len(lines.as_json()) == 1


@pytest.mark.usefixtures("_restored_logging")
def test_the_console_format_is_for_people_and_has_no_colour_codes_in_a_file() -> None:
    out = Lines()
    configure_logging(LogFormat.CONSOLE, LogLevel.INFO, stream=out)
    structlog.get_logger("x").info("room joined", room="r1")
    assert "room joined" in out.getvalue()
    assert "room=r1" in out.getvalue()
    assert "\x1b" not in out.getvalue()
