"""Models as they come: good, slow, broken, cut off, overrun, leaking; each a way to behave for a real local server."""

from __future__ import annotations

import json
import platform
import threading
from collections.abc import Mapping
from typing import Any

from ltt_collab.bench.model_server import Behaviour, ModelServer, Reply

# OpenAI's client runs `uname` for a header, once in a process: here, where no detector of blocking calls cuts it short.
platform.platform()

MODEL = "openai:fake"
"""What ``LTT_MODEL`` names; ``OPENAI_BASE_URL`` says where it is."""


def saying(hint: str, line: int | None = None, change: str | None = None) -> Behaviour:
    """A model that gives this hint to everything."""
    text = json.dumps({"hint": hint, "line": line, "change": change})
    return lambda _: Reply(text=text)


def in_turn(*replies: Reply | Behaviour) -> Behaviour:
    """One answer after the other; the last one again and again."""
    left = list(replies)

    def behave(request: Mapping[str, Any]) -> Reply:
        reply = left.pop(0) if len(left) > 1 else left[0]
        return reply if isinstance(reply, Reply) else reply(request)

    return behave


def looking(tool: str, **arguments: str) -> Reply:
    """A call of a tool."""
    return Reply(tool=(tool, arguments), finish="tool_calls")


def slow(until: threading.Event) -> Behaviour:
    """A model that says nothing until then."""
    return lambda _: Reply(text='{"hint": "Look at line 1."}', wait=until)


BROKEN = Reply(status=500)
RATE_LIMITED = Reply(status=429, headers={"retry-after": "7"})
TRUNCATED = Reply(text=json.dumps({"hint": "Look at line 1. " * 20}), cut=True)
CUT_AT_ITS_LIMIT = Reply(text='{"hint": "Look at', finish="length")
NONSENSE = Reply(text="Certainly! {{{ I am a teapot.")
EMPTY = Reply(text="")
NO_STREAM = Reply(raw="<html>this is a proxy</html>")


def prompts(server: ModelServer) -> str:
    """Everything that the model was told."""
    return "\n".join(str(message.get("content")) for request in server.requests for message in request["messages"])
