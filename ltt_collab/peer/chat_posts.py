"""What people say in one chat from a page of ours: written for them by the one writer, and never lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from ltt_collab.documents.writer_chat import ChatWriter
from ltt_collab.model.chat import ChatMessage, MessageAdded
from ltt_collab.model.presence import Author, AuthorKind, User
from ltt_collab.ports.clock import Clock

SURE_AFTER = 60.0
"""Seconds after which a message that was sent is in the room's history, or its connection is known to be dead."""

KEPT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    id: str
    user: User
    text: str
    at: float


class ChatPosts:
    """Posts in people's own names.

    Invariants:
        1. A post that a lost connection may have taken with it is written again, under the same id: once in all.
    """

    def __init__(self, clock: Clock, tell: Callable[[MessageAdded], None]) -> None:
        """``tell``: hears a post as it hears one from a browser."""
        self._clock, self._tell = clock, tell
        self._latest: list[_Post] = []

    def write(self, writer: ChatWriter, user: User, text: str, *, heard: bool) -> ChatMessage:
        """Post it; ``heard``: and take it as said to us."""
        post = _Post(id=str(uuid.uuid4()), user=user, text=text, at=self._clock.now())
        self._latest = [*self._latest[-KEPT:], post]
        message = writer.post_for(user, post.id, text)
        if heard:
            author = Author(kind=AuthorKind.LEARNER, username=user.username)
            self._tell(MessageAdded(message=message, author=author))
        return message

    def resume(self, writer: ChatWriter) -> None:
        """There is a new connection: write what it lacks (invariant 1)."""
        sure = self._clock.now() - SURE_AFTER
        self._latest = [post for post in self._latest if post.at > sure]
        for post in self._latest:
            if not writer.has(post.id):
                writer.post_for(post.user, post.id, post.text)
