"""Log lines: one fact each, with stable keys, on stderr; never a secret, and no learner's text from INFO up.

Use ``structlog.get_logger(__name__)`` and keys, not formatted sentences: ``log.info("room joined", room=room.id)``.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

from ltt_collab.model.reporting import LogFormat, LogLevel

REDACTED = "[redacted]"

LEARNER_KEYS = frozenset(
    {
        "body",
        "cell",
        "cells",
        "current_source",
        "draft",
        "error_value",
        "inserted",
        "notebook",
        "outputs",
        "source",
        "splices",
        "text",
        "traceback",
        "update",
        "value",
    }
)
"""Keys whose values may be a learner's text; from INFO up only their size is written."""

_SECRET_KEY = re.compile(r"token|secret|password|authorization|cookie|api_?key", re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(
    r"(?P<keep>(?:token|access_token|api_?key|password)=|(?:bearer|token)\s+|//[^/\s:@]+:(?=[^/\s]*@))[^\s&#\"'@,)]+",
    re.IGNORECASE,
)
_QUIET = ("httpx", "httpcore", "uvicorn.error", "asyncio", "sqlalchemy.engine", "aiosqlite")
"""Libraries that log each request or statement at INFO, with URLs or values in it."""


SHORTEST = 4
"""Characters of a secret that is looked for."""


class Redactor:
    """Takes secrets out of every line.

    Invariants:
        1. The value of a key that names a secret is never written.
        2. A secret given at construction is never written, wherever it stands in a text.
        3. Tokens in URLs and ``Authorization`` texts are not written, known or not.
    """

    def __init__(self, secrets: Iterable[SecretStr] = ()) -> None:
        # Longest first: one secret may contain another. Very short ones would blank out ordinary words.
        known = {secret.get_secret_value() for secret in secrets}
        self._secrets = sorted((text for text in known if len(text) >= SHORTEST), key=len, reverse=True)

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        """Redact one line, in place."""
        for key, value in line.items():
            # inv. 1
            line[key] = REDACTED if _SECRET_KEY.search(key) and value else self._cleaned(value)
        return line

    def _cleaned(self, value: object) -> object:
        match value:
            case str():
                for secret in (*self._secrets, *_hidden_later):  # inv. 2
                    value = value.replace(secret, REDACTED)
                return _SECRET_IN_TEXT.sub(rf"\g<keep>{REDACTED}", value)  # inv. 3
            case bool() | int() | float() | None:
                return value
            case SecretStr():
                return REDACTED
            case dict():
                return {
                    key: REDACTED if _SECRET_KEY.search(str(key)) else self._cleaned(item)
                    for key, item in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self._cleaned(item) for item in value]
            case _:
                return self._cleaned(str(value))


_hidden_later: list[str] = []


def hide(secret: SecretStr) -> None:
    """Take this out of every further line, too: it was not known when logging was configured."""
    text = secret.get_secret_value()
    if len(text) >= SHORTEST and text not in _hidden_later:
        _hidden_later.append(text)


def keep_learner_text_out(_logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """Above DEBUG, write the size of what may be a learner's text instead of the text."""
    if method == "debug":
        return line
    for key, value in line.items():
        if key in LEARNER_KEYS and value:
            line[key] = f"<{len(value)}>" if hasattr(value, "__len__") else f"<{type(value).__name__}>"
        elif dataclasses.is_dataclass(value):
            # A whole event, cell or draft: its repr holds the text.
            line[key] = f"<{type(value).__name__}>"
    return line


def configure_logging(
    format: LogFormat = LogFormat.CONSOLE,
    level: LogLevel = LogLevel.INFO,
    *,
    secrets: Iterable[SecretStr] = (),
    stream: TextIO | None = None,
) -> None:
    """Send the lines of this process, our libraries' included, to ``stream`` (stderr); call it once, at start."""
    out = stream or sys.stderr
    severity = logging.getLevelNamesMapping()[level.upper()]
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        keep_learner_text_out,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                Redactor(secrets),
                _renderer(format, out),
            ],
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old.formatter, structlog.stdlib.ProcessorFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(severity)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(severity, logging.WARNING))


def _renderer(format: LogFormat, out: TextIO) -> Processor:
    if format is LogFormat.JSON:
        return structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)
