"""Who is there, by the rules of y-protocols."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ltt_collab.model.errors import ProtocolViolationError
from ltt_collab.model.ids import ClientId
from ltt_collab.rooms.awareness import CLOCK_CEILING, Awareness, AwarenessBounds, AwarenessChange
from tests.support.room_scene import ADA, OURS, decode_awareness, encode_awareness


def hear(awareness: Awareness, *entries: tuple[int, int, Any], now: float = 0.0) -> AwarenessChange:
    return awareness.apply(encode_awareness(*entries), now)


def states(awareness: Awareness) -> dict[ClientId, Any]:
    return dict(awareness.states())


def test_our_first_word_has_a_clock_that_others_accept() -> None:
    ours = Awareness(OURS)
    other = Awareness(ADA)
    assert other.apply(ours.set_local({"a": 1}, 0.0), 0.0) == AwarenessChange(added=(OURS,))
    assert other.state(OURS) == {"a": 1}


def test_a_state_replaces_only_an_older_one() -> None:
    awareness = Awareness(OURS)
    assert hear(awareness, (ADA, 5, {"v": 1})).added == (ADA,)
    assert not hear(awareness, (ADA, 5, {"v": 2}))
    assert not hear(awareness, (ADA, 4, {"v": 3}))
    assert hear(awareness, (ADA, 6, {"v": 4})).updated == (ADA,)
    assert states(awareness) == {ADA: {"v": 4}}


def test_a_renewal_is_no_news() -> None:
    awareness = Awareness(OURS)
    hear(awareness, (ADA, 5, {"v": 1}), now=0.0)
    assert not hear(awareness, (ADA, 6, {"v": 1}), now=15.0)
    assert not awareness.expire(44.0)


def test_null_removes_at_an_equal_clock_and_an_echo_does_not_bring_back() -> None:
    awareness = Awareness(OURS)
    hear(awareness, (ADA, 5, {}))
    assert hear(awareness, (ADA, 5, None)).removed == (ADA,)
    assert not hear(awareness, (ADA, 5, {}))
    assert not hear(awareness, (ADA, 5, None))
    assert hear(awareness, (ADA, 6, {})).added == (ADA,)


def test_an_old_null_removes_nobody() -> None:
    awareness = Awareness(OURS)
    hear(awareness, (ADA, 5, {}))
    assert not hear(awareness, (ADA, 4, None))
    assert states(awareness) == {ADA: {}}


def test_who_is_silent_for_thirty_seconds_is_gone_until_a_newer_word() -> None:
    awareness = Awareness(OURS)
    hear(awareness, (ADA, 5, {}), now=100.0)
    assert not awareness.expire(129.9)
    assert awareness.expire(130.0).removed == (ADA,)
    assert not hear(awareness, (ADA, 5, {}), now=131.0)
    assert hear(awareness, (ADA, 6, {}), now=131.0).added == (ADA,)


def test_our_own_silence_is_not_held_against_others() -> None:
    awareness = Awareness(OURS)
    hear(awareness, (ADA, 5, {}), now=100.0)
    awareness.excuse(60.0)
    assert not awareness.expire(180.0)
    assert awareness.expire(190.0)


def test_we_renew_after_fifteen_seconds_under_a_new_clock() -> None:
    awareness = Awareness(OURS)
    assert not awareness.renewal_due(99.0)
    ((_, first, _),) = decode_awareness(awareness.set_local({"a": 1}, 100.0))
    assert not awareness.renewal_due(114.9)
    assert awareness.renewal_due(115.0)
    assert decode_awareness(awareness.renew(115.0)) == [(OURS, first + 1, {"a": 1})]
    assert not awareness.renewal_due(116.0)


def test_leaving_says_null_under_a_new_clock() -> None:
    awareness = Awareness(OURS)
    awareness.set_local({}, 0.0)
    assert decode_awareness(awareness.set_local(None, 1.0)) == [(OURS, 2, None)]
    assert not awareness.renewal_due(100.0)


def test_our_own_echo_is_no_claim() -> None:
    awareness = Awareness(OURS)
    echo = awareness.set_local({"a": 1}, 0.0)
    assert not awareness.apply(echo, 0.0)
    assert not awareness.must_announce


@pytest.mark.proves("presence:identity-is-defended")
@pytest.mark.parametrize("claim", [(1, None), (9, None), (9, {"user": {"name": "Mallory"}})])
def test_a_claim_to_our_client_id_is_outbid_and_never_obeyed(claim: tuple[int, Any]) -> None:
    awareness = Awareness(OURS)
    awareness.set_local({"a": 1}, 0.0)
    clock, state = claim
    assert not hear(awareness, (OURS, clock, state))
    assert awareness.must_announce
    ((_, ours, said),) = decode_awareness(awareness.renew(0.0))
    assert (ours, said) == (clock + 1, {"a": 1})
    assert not awareness.must_announce
    assert states(awareness) == {}


def test_an_identity_that_cannot_be_outbid_is_given_up() -> None:
    awareness = Awareness(OURS)
    awareness.set_local({}, 0.0)
    hear(awareness, (OURS, CLOCK_CEILING, {}))
    assert awareness.is_identity_lost


def test_an_identity_that_is_claimed_without_end_is_given_up() -> None:
    awareness = Awareness(OURS)
    awareness.set_local({}, 0.0)
    for second in range(8):
        hear(awareness, (OURS, awareness.clock + 1, {}), now=float(second))
        awareness.renew(float(second))
    assert not awareness.is_identity_lost
    hear(awareness, (OURS, awareness.clock + 1, {}), now=9.0)
    assert awareness.is_identity_lost


def test_rare_claims_to_our_identity_are_borne() -> None:
    awareness = Awareness(OURS)
    awareness.set_local({}, 0.0)
    for minute in range(30):
        hear(awareness, (OURS, awareness.clock + 1, {}), now=minute * 60.0)
    assert not awareness.is_identity_lost


@pytest.mark.proves("presence:bounded")
def test_more_clients_than_a_room_may_have_are_dropped_and_counted() -> None:
    awareness = Awareness(OURS, bounds=AwarenessBounds(clients=3))
    for client in range(1, 10):
        hear(awareness, (client, 1, {}))
    assert len(awareness) == 3
    assert awareness.dropped == {"clients too many": 6}


@pytest.mark.proves("presence:bounded")
def test_a_state_that_is_too_large_is_dropped_and_counted() -> None:
    awareness = Awareness(OURS, bounds=AwarenessBounds(state_bytes=100))
    hear(awareness, (ADA, 1, {"v": 1}))
    assert not hear(awareness, (ADA, 2, {"v": "a" * 100}))
    assert (states(awareness), awareness.dropped) == ({ADA: {"v": 1}}, {"states too large": 1})


@pytest.mark.proves("presence:bounded")
def test_a_flood_of_one_client_is_dropped_and_leaves_the_others_their_say() -> None:
    awareness = Awareness(OURS, bounds=AwarenessBounds(states_per_second=10))
    for clock in range(1, 100):
        hear(awareness, (666, clock, {"v": clock}), now=0.5)
    assert hear(awareness, (ADA, 1, {}), now=0.5).added == (ADA,)
    assert awareness.dropped == {"states too fast": 89}
    assert hear(awareness, (666, 100, {"v": 100}), now=1.6).updated == (666,)


@pytest.mark.proves("presence:bounded")
def test_memory_of_departed_clients_is_bounded() -> None:
    awareness = Awareness(OURS, bounds=AwarenessBounds(departed=5))
    for client in range(1, 1000):
        hear(awareness, (client, 1, {}))
        hear(awareness, (client, 1, None))
        hear(awareness, (client + 5000, 1, None))
    assert len(awareness) == 0
    assert len(awareness._departed) == 5


@pytest.mark.parametrize(
    "hostile",
    [b"", b"[]", b'"x"', b"1", b"{", b"\xff", b"{}x", b"[" * 50_000, b'{"a":' * 10_000, b"9" * 10_000, b"NaN"],
    ids=lambda raw: repr(raw[:6]),
)
def test_a_state_that_is_no_json_object_reads_as_empty(hostile: bytes) -> None:
    awareness = Awareness(OURS)
    hear(awareness, (ADA, 1, hostile))
    assert awareness.state(ADA) == {}


def test_brackets_within_strings_do_not_hide_depth() -> None:
    awareness = Awareness(OURS)
    nested = b'["]]]]]\\"]]]]",' * 500 + b"1" + b"]" * 500
    hear(awareness, (ADA, 1, b'{"a":' + nested + b"}"))
    assert awareness.state(ADA) == {}


def test_many_cursors_are_not_taken_for_depth() -> None:
    awareness = Awareness(OURS)
    state = {"cursors": [{"anchor": {"item": {"client": 1, "clock": 2}}}] * 200}
    hear(awareness, (ADA, 1, state))
    assert awareness.state(ADA) == state


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x01\x05", b"\x01\x05\x01\x09{}", b"\xff\xff\xff\x7f"])
def test_a_malformed_update_changes_nothing(broken: bytes) -> None:
    awareness = Awareness(OURS)
    with pytest.raises(ProtocolViolationError):
        awareness.apply(broken, 0.0)
    assert states(awareness) == {}


def test_a_malformed_entry_takes_the_whole_update_with_it() -> None:
    awareness = Awareness(OURS)
    with pytest.raises(ProtocolViolationError):
        awareness.apply(encode_awareness((ADA, 1, {}), (7, 1, {}))[:-1], 0.0)
    assert states(awareness) == {}


def test_random_bytes_never_raise_anything_but_a_violation() -> None:
    chance = random.Random(11)
    awareness = Awareness(OURS)
    whole = bytearray(encode_awareness((ADA, 3, {"user": {"name": "Ada"}}), (OURS, 7, None)))
    for _ in range(3000):
        mutated = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        try:
            awareness.apply(bytes(mutated), 0.0)
        except ProtocolViolationError:
            continue
        assert all(isinstance(state, dict) for state in states(awareness).values())
