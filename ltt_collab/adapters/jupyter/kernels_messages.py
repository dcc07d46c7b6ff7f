"""Messages of Jupyter's kernel protocol, as the frames in which its server carries them; no I/O.

A frame of ``v1.kernel.websocket.jupyter.org`` is: the number of offsets, the offsets (both 64-bit, little endian), the
channel's name, then header, parent header, metadata and content as JSON, then buffers.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from ltt_collab.ports.kernels import Displayed, Evaluated, KernelOutput, Printed, Raised

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"

PROTOCOL = "5.3"
"""The version of the message protocol that we speak; servers adapt older kernels."""

USERNAME = "ltt-collab"

_WORD = 8
_PARTS = 4
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass(frozen=True, kw_only=True)
class Message:
    """What came from a kernel. The content is read only when asked for: most messages are about others' code."""

    channel: str
    type: str
    parent_id: str
    parent_session: str
    parent_type: str
    raw_content: bytes = field(repr=False)

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The message's own fields; empty when they cannot be read."""
        try:
            said = json.loads(self.raw_content)
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    @property
    def state(self) -> str:
        """The kernel's state, for a status message."""
        return str(self.content.get("execution_state", ""))


def new_id() -> str:
    """An id for a message or a session of ours."""
    return secrets.token_hex(16)


def encode(channel: str, kind: str, content: Mapping[str, Any], *, message_id: str, session: str) -> bytes:
    """A message of ours as a frame."""
    header = {
        "msg_id": message_id,
        "session": session,
        "username": USERNAME,
        "date": "",
        "msg_type": kind,
        "version": PROTOCOL,
    }
    parts = [channel.encode(), *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    at = _WORD * (len(parts) + 2)
    offsets = [at]
    for part in parts:
        at += len(part)
        offsets.append(at)
    words = [len(offsets), *offsets]
    return b"".join([*(word.to_bytes(_WORD, "little") for word in words), *parts])


def decode(frame: bytes) -> Message:
    """Read a frame.

    Raises:
        ValueError: it is not one of this protocol.
    """
    count = int.from_bytes(frame[:_WORD], "little")
    if not _PARTS + 2 <= count <= len(frame) // _WORD:
        raise ValueError("not a kernel message")
    offsets = [int.from_bytes(frame[_WORD * (i + 1) : _WORD * (i + 2)], "little") for i in range(count)]
    parts = [frame[start:end] for start, end in pairwise(offsets)]
    header, parent = json.loads(parts[1]), json.loads(parts[2])
    if not isinstance(header, dict) or not isinstance(parent, dict):
        raise ValueError("not a kernel message")  # noqa: TRY004 - one error for every malformed frame
    return Message(
        channel=parts[0].decode(),
        type=str(header.get("msg_type", "")),
        parent_id=str(parent.get("msg_id", "")),
        parent_session=str(parent.get("session", "")),
        parent_type=str(parent.get("msg_type", "")),
        raw_content=parts[4],
    )


def execute_content(code: str, *, silent: bool, expressions: Mapping[str, str]) -> dict[str, Any]:
    """An execute request that leaves no trace of its own.

    No history and no count; ``input()`` fails at once instead of asking the learner; an error of ours does not abort
    what a learner has queued behind it.
    """
    return {
        "code": code,
        "silent": silent,
        "store_history": False,
        "user_expressions": dict(expressions),
        "allow_stdin": False,
        "stop_on_error": False,
    }


def read_expressions(content: Mapping[str, Any], asked: Mapping[str, str]) -> dict[str, Evaluated]:
    """The answers of an execute reply, as far as the kernel gave them."""
    said = content.get("user_expressions")
    answers = said if isinstance(said, Mapping) else {}
    return {name: _evaluated(answers[name]) for name in asked if isinstance(answers.get(name), Mapping)}


def read_output(message: Message) -> KernelOutput | None:
    """An output message as a value; None for a message that is none."""
    content = message.content
    match message.type:
        case "stream":
            return Printed(stream=str(content.get("name", "stdout")), text=str(content.get("text", "")))
        case "display_data" | "execute_result":
            said = content.get("data")
            data = said if isinstance(said, Mapping) else {}
            return Displayed(
                data={
                    str(kind): value if isinstance(value, str) else json.dumps(value) for kind, value in data.items()
                },
                is_result=message.type == "execute_result",
            )
        case "error":
            return _raised(content)
        case _:
            return None


def without_ansi(text: str) -> str:
    """The text without its colours."""
    return _ANSI.sub("", text)


def _raised(content: Mapping[str, Any]) -> Raised:
    frames = content.get("traceback")
    return Raised(
        name=str(content.get("ename", "")) or "Error",
        value=str(content.get("evalue", "")),
        traceback=tuple(without_ansi(str(frame)) for frame in frames) if isinstance(frames, list) else (),
    )


def _evaluated(answer: Mapping[str, Any]) -> Evaluated:
    if answer.get("status") == "error":
        raised = _raised(answer)
        return Evaluated(error_name=raised.name, error_value=raised.value)
    data = answer.get("data")
    return Evaluated(text=str(data.get("text/plain", "")) if isinstance(data, Mapping) else "")
