"""What somebody types in a page of ours is in the chat once, whatever becomes of the connection."""

from __future__ import annotations

from typing import cast

import pytest

from ltt_collab.documents.writer_chat import ChatWriter
from ltt_collab.model.chat import ChatMessage, MessageAdded
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import AuthorKind, User
from ltt_collab.peer.chat_posts import SURE_AFTER, ChatPosts
from ltt_collab.ports.clock import Clock

ADA = User(username=Username("ada"), display_name="Ada")


class Document:
    """A chat of one connection, as its writer sees it."""

    def __init__(self) -> None:
        self.messages: dict[str, ChatMessage] = {}

    def has(self, message_id: str) -> bool:
        return message_id in self.messages

    def post_for(self, user: User, message_id: str, text: str) -> ChatMessage:
        message = ChatMessage(id=message_id, sender=user.username, text=text, at=1.0)
        self.messages[message_id] = message
        return message

    @property
    def writer(self) -> ChatWriter:
        return cast("ChatWriter", self)


class HandClock:
    at = 1_000.0

    def now(self) -> float:
        return self.at


@pytest.mark.proves("chat:one-conversation")
def test_a_post_that_a_lost_connection_took_is_written_again_once_and_heard_once() -> None:
    clock, heard = HandClock(), list[MessageAdded]()
    posts = ChatPosts(cast("Clock", clock), heard.append)
    lost, kept = Document(), Document()
    posts.write(lost.writer, ADA, "Why?", heard=True)
    posts.write(lost.writer, ADA, "Said to Ada only", heard=False)
    for _ in range(2):
        posts.resume(kept.writer)
    assert kept.messages == lost.messages
    assert [(each.message.text, each.author.kind) for each in heard] == [("Why?", AuthorKind.LEARNER)]
    clock.at += SURE_AFTER + 1
    later = Document()
    posts.resume(later.writer)
    assert later.messages == {}, "what was there for a minute is in the history, or was deleted"
