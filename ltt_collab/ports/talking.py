"""The conversation of one learner with the tutor, as a page of ours shows it beside JupyterLab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import anyio

from ltt_collab.model.ids import Username


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a chat. ``at``: Unix time in seconds; ``tutor``: whether it is ours."""

    id: str
    name: str
    text: str
    at: float
    tutor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A learner's conversation at one moment; ``changed`` is set when it is no longer as it is here.

    ``path``: of the chat's file, '' while no chat is open. ``typing``: whether the tutor is at an answer.
    """

    changed: anyio.Event
    path: str = ""
    lines: Sequence[Line] = ()
    typing: bool = False


class Heard(StrEnum):
    """Where what a learner said has arrived."""

    CHAT = "chat"
    NOTEBOOK = "notebook"
    """There is no chat and none may be made: the tutor answers in the notebook."""
    NOWHERE = "nowhere"


class Talking(Protocol):
    """A page's door to the chats that learners have in JupyterLab: the same documents, written by the one writer."""

    def look(self, learner: Username) -> Talk:
        """The conversation that belongs to the notebook in which the learner is."""
        ...

    async def attend(self, learner: Username) -> None:
        """Somebody looks at it in a page: be in the chat if its file is there, and stay while they are in a notebook.

        To be said again every ``ATTEND_SECONDS``.
        """
        ...

    async def say(self, learner: Username, words: str) -> Heard:
        """Post that in the learner's name; the chat is made if there is none. What they say is an act of theirs."""
        ...

    async def interject(self, learner: Username, words: str, *, by: Username) -> bool:
        """Say that as an instructor in the learner's open chat; False when none is open.

        The tutor hears two people in that chat from then on, and leaves them the word unless it is named.
        """
        ...


ATTEND_SECONDS = 20.0
"""Well within the grace after which a chat is left in which nobody is."""


class NoTalking:
    """A ``Talking`` with nobody in it: for a service without rooms of its own."""

    def look(self, _learner: Username) -> Talk:
        """Nothing is said."""
        return Talk(changed=anyio.Event())

    async def attend(self, _learner: Username) -> None:
        """There is no chat to be in."""

    async def say(self, _learner: Username, _words: str) -> Heard:
        """Nobody hears it."""
        return Heard.NOWHERE

    async def interject(self, _learner: Username, _words: str, *, by: Username) -> bool:  # noqa: ARG002 - as the port
        """There is no chat."""
        return False
