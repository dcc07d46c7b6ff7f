"""Messages of a kernel's own sockets are those that jupyter_client writes and reads, and none but signed ones."""

from __future__ import annotations

import json

import pytest
from jupyter_client.session import Session

from ltt_collab.adapters.sandbox.signing import DELIMITER, Signer

KEY = "a key"


def test_what_we_pack_is_a_message_to_jupyter_client() -> None:
    name, frames = Signer(KEY).pack("execute_request", {"code": "é = 1"})
    addresses, parts = Session(key=KEY.encode()).feed_identities(frames)
    told = Session(key=KEY.encode()).deserialize(parts)
    assert (addresses, told["msg_id"], told["msg_type"]) == ([], name, "execute_request")
    assert told["content"] == {"code": "é = 1"}


def test_what_jupyter_client_writes_is_unpacked_behind_its_addresses() -> None:
    theirs = Session(key=KEY.encode())
    asked = theirs.msg("execute_request", {})
    reply = theirs.msg("execute_reply", {"status": "ok", "n": 1.5}, parent=asked)
    told = Signer(KEY).unpack([*theirs.serialize(reply, ident=[b"kernel.1"]), b"a buffer"])
    assert told == {
        "msg_type": "execute_reply",
        "parent": asked["header"]["msg_id"],
        "content": {"status": "ok", "n": 1.5},
    }


def signed(*parts: object) -> list[bytes]:
    raw = [json.dumps(part).encode() for part in parts]
    return [DELIMITER, Session(key=KEY.encode()).sign(raw), *raw]


@pytest.mark.proves("sandbox:reaches-nothing-of-ours")
@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b"no delimiter"],
        [DELIMITER],
        [DELIMITER, b"", b"{}", b"{}", b"{}", b"{}"],
        Signer("another key").pack("status", {})[1],
        signed({}, {}, {}),
        signed({}, {}, {}, []),
        signed({}, "parent", {}, {}),
        [DELIMITER, Session(key=KEY.encode()).sign([b"{", b"{}", b"{}", b"{}"]), b"{", b"{}", b"{}", b"{}"],
        [DELIMITER, "not ASCII: é".encode(), b"{}", b"{}", b"{}", b"{}"],
    ],
)
def test_what_is_not_signed_or_no_message_is_refused(frames: list[bytes]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them
        Signer(KEY).unpack(frames)
