"""lib0's variable-length unsigned integers: seven bits a byte, the lowest first, the top bit says that more follow."""

from __future__ import annotations

from ltt_collab.model.errors import ProtocolViolationError

MAX_VARUINT = 2**53 - 1
"""JavaScript's largest safe integer: lib0's decoder throws beyond it, so nobody honest sends more."""

_MAX_SHIFT = 49
"""The eighth byte holds bits 49 to 55: 53 bits end within it."""


def varuint(number: int) -> bytes:
    """Encode a number from 0 to ``MAX_VARUINT``."""
    if number < 0x80:
        return bytes((number,))
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def read_varuint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at index ``at``, and the index after it.

    Raises:
        ProtocolViolationError: the data ends within the number, or the number is larger than anybody may send.
    """
    number = shift = 0
    try:
        while (byte := data[at]) > 0x7F:
            number |= (byte & 0x7F) << shift
            shift += 7
            at += 1
            if shift > _MAX_SHIFT:
                raise ProtocolViolationError("a number of more than eight bytes")
    except IndexError:
        raise ProtocolViolationError("a number that is cut off") from None
    number |= byte << shift
    if number > MAX_VARUINT:
        raise ProtocolViolationError("a number of more than 53 bits")
    return number, at + 1


def length_prefixed(payload: bytes) -> bytes:
    """The payload with its length before it."""
    return varuint(len(payload)) + payload


def read_length_prefixed(data: bytes, at: int) -> tuple[bytes, int]:
    """The payload whose length begins at index ``at``, and the index after it.

    Raises:
        ProtocolViolationError: there are fewer bytes than the length says.
    """
    size, start = read_varuint(data, at)
    end = start + size
    if end > len(data):
        raise ProtocolViolationError(f"{size} bytes announced, {len(data) - start} came")
    return data[start:end], end
