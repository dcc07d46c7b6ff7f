"""The one writer in a chat, beside learners whose browsers run Yjs."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map

from ltt_collab.documents.chat import ChatView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer_chat import ChatWriter, OwnMessage
from ltt_collab.edits.chat import ChatDecoder
from ltt_collab.model.chat import ChatChange, MessageAdded, MessageDeleted, MessageEdited, MessageMark
from ltt_collab.model.errors import NotOurMessageError
from ltt_collab.model.ids import ClientId, SuggestionId, Username
from tests.support.room_scene import TUTOR, HandClock
from tests.support.yjs_peers import YjsPeer, YjsPeers
from tests.unit.edits.session import ADA, People

QUESTION = "Why? 🙂 öö"
WORDS = ["Look", " at", " the", " line", " — 🙂", " there."]


class Scene:
    """Our side of one chat; ``sent`` waits until somebody delivers it."""

    def __init__(self, client: int = 7) -> None:
        self.sent: list[bytes] = []
        self.changes: list[ChatChange] = []
        self.decoder = ChatDecoder(People(ADA), self.changes.append, lambda _message: False)
        self.replica = Replica(on_local_update=self._send, observer=self.decoder, client_id=ClientId(client))
        self.view = ChatView(self.replica)
        self.clock = HandClock()
        self.writer = ChatWriter(self.replica, self.view, us=TUTOR, clock=self.clock)
        self.decoder.begin()

    def say(self, text: str, *, id: str = "ours", reply_to: str = "q", writing: bool = False) -> None:
        mark = MessageMark(reply_to=reply_to, suggestion=SuggestionId("s-1"), writing=writing)
        self.writer.write(OwnMessage(id=id, text=text, mark=mark))

    def _send(self, update: bytes) -> None:
        self.sent.append(update)

    def take_sent(self) -> list[bytes]:
        taken, self.sent = self.sent, []
        return taken


def exchange(ours: Scene, browser: YjsPeer) -> None:
    """Deliver what both wrote in the meantime."""
    theirs, own = browser.take_outbox(), ours.take_sent()
    for update in theirs:
        ours.replica.apply(update)
    for update in own:
        browser.apply(update)


@pytest.mark.proves("chat:learner-messages-never-change")
@pytest.mark.parametrize("seed", range(6))
def test_yjs_peers_that_write_at_the_same_time_find_their_messages_as_they_wrote_them(yjs: YjsPeers, seed: int) -> None:
    ours, dice = Scene(), random.Random(seed)
    browser = yjs.open(f"ada-{seed}", client=0)
    said: dict[str, str] = {}
    for number in range(12):
        message = f"m{number}"
        said[message] = f"{QUESTION} {number}"
        browser.ask("post", message=message, sender="ada", text=said[message])
        for end in range(1, len(WORDS) + 1):
            ours.say("".join(WORDS[:end]), id=f"a{number}", writing=end < len(WORDS))
            if dice.random() < 0.5:
                exchange(ours, browser)
        if dice.random() < 0.3:
            said[message] += " (edited)"
            browser.ask("reword", message=message, text=said[message])
        exchange(ours, browser)
    found: list[dict[str, Any]] = browser.ask("messages")
    assert {entry["id"]: entry["body"] for entry in found if entry["sender"] == "ada"} == said
    answers = [entry["body"] for entry in found if entry["sender"] == TUTOR.username]
    assert answers == ["".join(WORDS)] * 12
    assert [(m.id, m.text) for m in ours.view.messages()] == [(m["id"], m["body"]) for m in found]
    assert browser.ask("chatUsers")[TUTOR.username]["bot"] is True


def test_of_two_messages_posted_at_once_ours_stands_first(yjs: YjsPeers) -> None:
    for seed in range(5):
        ours, browser = Scene(client=11), yjs.open(f"at-once-{seed}", client=0)
        browser.ask("post", message="q", sender="ada", text=QUESTION)
        exchange(ours, browser)
        browser.ask("post", message="next", sender="ada", text="and this?")
        ours.say("Because.")
        exchange(ours, browser)
        assert [entry["id"] for entry in browser.ask("messages")] == ["q", "ours", "next"]


@pytest.mark.proves("chat:only-own-messages-change")
@pytest.mark.parametrize("tampered", ["sender", "mark", "body", "deleted", "plain"])
def test_a_message_that_is_not_ours_or_not_as_we_wrote_it_is_never_written(tampered: str) -> None:
    ours, other = Scene(), Doc[Any](client_id=99)
    ours.say("Look at")
    for update in ours.take_sent():
        other.apply_update(update)
    array: Array[Any] = other.get("messages", type=Array)
    match tampered:
        case "sender":
            array[0]["sender"] = "ada"
        case "mark":
            array[0]["metadata"] = {}
        case "body":
            array[0]["body"] = "No!"
        case "deleted":
            array[0]["deleted"] = True
        case _:
            array.append(array.pop(0))  # as jupyterlab-chat's server moves one
    before = array.to_py()
    ours.replica.apply(other.get_update())
    with pytest.raises(NotOurMessageError, match="'ours'"):
        ours.say("Look at the line.")
    assert ours.take_sent() == []
    assert ours.view.array.to_py() == before


@pytest.mark.proves("chat:never-ahead-of-the-server")
def test_our_message_is_never_younger_than_what_the_server_has_timed() -> None:
    ours, other = Scene(), Doc[Any](client_id=99)
    array: Array[Any] = other.get("messages", type=Array)
    timed = {"type": "msg", "sender": "ada", "raw_time": False}
    array.append(Map({**timed, "id": "old", "body": "?", "time": 50.0}))
    array.append(Map({**timed, "id": "q", "body": "?", "time": 60.0}))
    array.append(Map({**timed, "id": "raw", "body": "?", "time": 9e9, "raw_time": True}))
    ours.replica.apply(other.get_update())
    ours.say("Because.")
    own = ours.view.message("ours")
    assert own is not None
    assert (own.at, own.provisional) == (60.0, False)


def test_the_first_message_of_all_is_timed_by_the_server() -> None:
    ours = Scene()
    ours.say("Welcome.")
    own = ours.view.message("ours")
    assert own is not None
    assert own.provisional


def test_what_an_earlier_life_left_in_its_midst_is_ended_and_said_to_be() -> None:
    ours = Scene()
    ours.say("Look at the", writing=True)
    ours.say("Whole.", id="other")
    assert [message.id for message in ours.writer.finish_forgotten(" … (cut off)")] == ["ours"]
    ended = ours.view.message("ours")
    assert ended is not None
    assert ended.mark is not None
    assert (ended.text, ended.mark.writing, ended.mark.reply_to) == ("Look at the … (cut off)", False, "q")
    assert ours.writer.finish_forgotten(" … (cut off)") == []


@pytest.mark.proves("chat:said-once")
def test_messages_are_said_to_come_change_and_go_once_each_and_ours_never(yjs: YjsPeers) -> None:
    ours, browser = Scene(), yjs.open("decoded", client=int(ADA.client or 0))
    browser.ask("post", message="q", sender="ada", text=QUESTION)
    exchange(ours, browser)
    ours.say("Because.")
    browser.ask("reword", message="q", text="Why then?")
    exchange(ours, browser)
    exchange(ours, browser)
    kinds = [(type(change), change.message.id) for change in ours.changes]
    assert kinds == [(MessageAdded, "q"), (MessageEdited, "q")]
    assert ours.changes[0].author.username == Username("ada")


def test_a_message_that_the_server_moves_is_no_news_and_one_that_is_gone_was_deleted() -> None:
    ours, other = Scene(), Doc[Any](client_id=99)
    array: Array[Any] = other.get("messages", type=Array)
    for name in ("one", "two"):
        array.append(Map({"id": name, "sender": "ada", "body": "?", "time": 1.0}))
    ours.replica.apply(other.get_update())
    ours.changes.clear()
    array.append(array.pop(0))
    ours.replica.apply(other.get_update())
    assert ours.changes == []
    del array[0]
    ours.replica.apply(other.get_update())
    assert [(type(change), change.message.id) for change in ours.changes] == [(MessageDeleted, "two")]


def test_what_is_no_message_is_passed_over() -> None:
    ours, other = Scene(), Doc[Any](client_id=99)
    array: Array[Any] = other.get("messages", type=Array)
    array.extend([1, "x", None, Map({"id": 5}), Map({"id": "no sender"}), {"id": "m", "sender": "ada", "body": 7}])
    ours.replica.apply(other.get_update())
    assert [(message.id, message.text) for message in ours.view.messages()] == [("m", "")]
    assert ours.decoder.faults == 0
