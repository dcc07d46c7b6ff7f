"""Who is in one chat, or has spoken there."""

from __future__ import annotations

from collections.abc import Collection

from ltt_collab.model.ids import Username
from ltt_collab.peer.chat_page import ChatPage
from ltt_collab.peer.people import People
from ltt_collab.peer.stay import ARRIVAL

RECENT = 10.0
"""Seconds before we were told of the chat in which a message may have been posted that we are to hear."""


class ChatCompany:
    """The people of a chat, programs left out; ``since``: when we were told of the chat (Unix time in seconds)."""

    def __init__(self, people: People, us: Username, since: float) -> None:
        self._people, self._us = people, us
        self._since = since
        self._sighted: set[Username] = set()

    def sight(self, username: Username) -> None:
        """The server, or a page of ours, said that this person has it open."""
        self._sighted.add(username)
        self._people.sight(username)

    def everybody(self, page: ChatPage | None) -> Collection[Username]:
        """Everybody who is here, or has spoken here."""
        here = {human.username for human in self._people.humans() if human.username is not None} | self._sighted
        if page is None:
            return here
        return here | {said.sender for said in page.view.messages()} - {*page.view.bots(), self._us}

    def is_recent(self, at: float) -> bool:
        """Whether a message of that time is one that we are to hear."""
        return at >= self._since - RECENT

    @property
    def known_at(self) -> float:
        """From when on we know who is here (Unix time in seconds): who sits still shows up only after a while."""
        return 0.0 if self._sighted else self._since + ARRIVAL
