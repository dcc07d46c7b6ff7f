"""Follows one shared chat and says which messages came, changed or went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pycrdt import Array, Doc, Map, Subscription

from ltt_collab.edits.faults import FaultCounter
from ltt_collab.edits.origins import AuthorSource, author_of_update
from ltt_collab.model.chat import ChatChange, ChatMessage, MessageAdded, MessageDeleted, MessageEdited, read_message
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import Author, AuthorKind


class ChatDecoder:
    """Turns the transactions of one chat into changes of messages; a ``ReplicaObserver``.

    Two states are compared, not deltas read: the server takes a message out and puts it back when it gives it a time,
    and a message that is the same after as before is no news. A chat has some hundred messages and changes when
    somebody posts, so a comparison is cheap enough.

    Invariants:
        1. Each message of others is said once to be added, over reconnections too.
        2. What stood there at the first ``begin`` is known, unless ``is_news`` says otherwise.
        3. Nothing in a document makes it raise; a state that cannot be read is left out, and counted in ``faults``.
        4. Our own writing is no news.
    """

    def __init__(
        self,
        authors: AuthorSource,
        sink: Callable[[ChatChange], None],
        is_news: Callable[[ChatMessage], bool],
        stirred: Callable[[], None] = lambda: None,
    ) -> None:
        """``sink`` is told after the transaction. ``is_news``: of a message found at the first ``begin``.

        ``stirred``: called after every change of the messages, also one of our own.
        """
        self._stirred = stirred
        self._authors = authors
        self._sink = sink
        self._is_news = is_news
        self._faults = FaultCounter()
        self._known: dict[str, ChatMessage] = {}
        self._began = False
        self._live = False
        self._doc: Doc[Any] | None = None
        self._subscription: Subscription | None = None
        self._changed = False
        self._update = b""

    @property
    def faults(self) -> int:
        """How often the chat could not be read."""
        return self._faults.count

    def begin(self) -> None:
        """The document is in sync: tell what is new in it since the last time (invariants 1, 2), and follow it."""
        self._live = True
        current = self._read()
        if not self._began:
            self._began = True
            self._known = {key: message for key, message in current.items() if not self._is_news(message)}
        self._tell(current, None)
        self._stirred()

    def suspend(self) -> None:
        """Say nothing until the next ``begin``, which may be of another document; what was told stays told."""
        self._live = False
        self.detached()

    def attached(self, doc: Doc[Any]) -> None:
        """The document is in memory."""
        self._doc = doc
        messages: Array[Any] = doc.get("messages", type=Array)
        self._subscription = messages.integrated.observe_deep(self._messages_changed)

    def detached(self) -> None:
        """It goes."""
        if self._subscription is not None:
            self._subscription.drop()
        self._subscription = self._doc = None

    def before_apply(self, update: bytes) -> None:
        """An update of others comes next."""
        self._update = update

    def after_apply(self) -> None:
        """Its transaction is over: say what it changed."""
        update, self._update = self._update, b""
        if self._live and self._changed:
            self._changed = False
            self._tell(self._read(), update)
            self._stirred()

    def local_write(self) -> None:
        """We wrote (invariant 4)."""
        if self._live and self._changed:
            self._changed = False
            self._known = self._read()
            self._stirred()

    def _messages_changed(self, _events: object) -> None:
        self._changed = True

    def _read(self) -> dict[str, ChatMessage]:
        doc, found = self._doc, dict[str, ChatMessage]()
        if doc is None:
            return found
        with self._faults, doc.transaction():  # one transaction around many reads: pycrdt would open one for each
            messages: Array[Any] = doc.get("messages", type=Array)
            for entry in messages:
                plain = entry.to_py() if isinstance(entry, Map) else entry
                message = read_message(plain if isinstance(plain, Mapping) else None)
                if message is not None:
                    found[message.id] = message
        return self._known if self._faults.pending else found

    def _tell(self, current: dict[str, ChatMessage], update: bytes | None) -> None:
        if self._faults.pending:
            self._faults.pending = False  # invariant 3
            return
        known, self._known = self._known, current
        changes = [
            self._change(known.get(key), message, update)
            for key, message in current.items()
            if known.get(key) is None or _differ(known[key], message)
        ]
        gone = [message for key, message in known.items() if key not in current and not message.deleted]
        changes += [MessageDeleted(message=message, author=self._author(update, None)) for message in gone]
        for change in changes:
            self._sink(change)

    def _change(self, former: ChatMessage | None, message: ChatMessage, update: bytes | None) -> ChatChange:
        author = self._author(update, message.sender)
        if former is None:
            return MessageAdded(message=message, author=author)
        if message.deleted:
            return MessageDeleted(message=former, author=author)
        return MessageEdited(message=message, former=former.text, author=author)

    def _author(self, update: bytes | None, sender: Username | None) -> Author:
        """Who wrote an update; without one (we were away meanwhile) the sender must be believed."""
        if update is None:
            return Author(kind=AuthorKind.UNKNOWN if sender is None else AuthorKind.LEARNER, username=sender)
        with self._faults:
            return author_of_update(update, self._authors)
        self._faults.pending = False
        return Author(kind=AuthorKind.UNKNOWN)


def _differ(former: ChatMessage, message: ChatMessage) -> bool:
    return (former.text, former.deleted) != (message.text, message.deleted)
