"""Meeting learners: who wants us gone, and who was not told yet who reads what."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import structlog

from ltt_collab.documents.writer_notes import Note
from ltt_collab.model.cells import CellRole, CellType
from ltt_collab.model.errors import LttError, StoreUnavailableError
from ltt_collab.model.ids import Seq, ServerId, SuggestionId, Username
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.scene import Scene

log = structlog.get_logger(__name__)

INTRODUCTION = (
    "**Hello, I am {name}, a computer program.** I read this notebook while you work, what you type and what you run, "
    "and help when you get stuck, or when you ask: `# @tutor why?`. The people who run this course can read it through "
    "me. I write only in notes like this one, never in your cells, and you may delete them. "
    "`# @tutor mute` keeps me quiet, `# @tutor leave` sends me away."
)

ASK_AGAIN = 5.0
"""Seconds until a store that could not be read is asked again whether a learner wants us gone."""


class Greeting:
    """Looks up each learner once.

    Invariants:
        1. Nothing is written before it is known that no learner who is here wants us gone.
        2. Each learner is told once, ever, who reads what.
        3. What a learner wishes is kept, even if the room ends the moment after (``Keeping``).
        4. What waits for the learners' wishes to be known is called once they are, in the order in which it came.
    """

    def __init__(self, scene: Scene, server: ServerId, acts: Acts) -> None:
        self._scene, self._server, self._acts = scene, server, acts
        self._met: set[Username] = set()
        self._unknown: set[Username] = set()
        self._strangers: set[Username] = set()
        self._when_known: list[Callable[[], None]] = []

    def why_silent(self) -> str | None:
        """Why nothing may be written for now (invariant 1)."""
        return "it is being looked up whether a learner here wants no tutor" if self._unknown else None

    def when_known(self, act: Callable[[], None]) -> None:
        """Call that once it is known of everybody here whether they want us (invariant 4); at once if it is."""
        if self._unknown:
            self._when_known.append(act)
        else:
            act()

    def meet(self, username: Username) -> None:
        """A learner is here."""
        if username not in self._met:
            self._met.add(username)
            self._unknown.add(username)
            self._acts.add(lambda: self._look_up(username))

    def keep_away(self, username: Username) -> None:
        """A learner sends us away."""
        self._acts.keeping.keep(lambda: self._keep_away(username))

    def welcome(self, username: Username) -> None:
        """A learner wants us back."""
        self._acts.keeping.keep(lambda: self._scene.around.wishes.welcome_back(self._server, username))

    def mute(self, username: Username, *, muted: bool) -> None:
        """A learner wants no unasked help, or wants it again."""
        self._scene.decide(None, "quiet" if muted else "no longer quiet", f"{username} asked for it")
        self._acts.keeping.keep(lambda: self._scene.around.wishes.mute(self._server, username, muted=muted))

    async def _keep_away(self, username: Username) -> None:
        try:
            await self._scene.around.wishes.keep_away(self._server, username)
        finally:
            self._scene.keep_away(username)  # also when it cannot be remembered: leaving now is the least

    async def _look_up(self, username: Username) -> None:
        scene, wishes = self._scene, self._scene.around.wishes
        try:
            if await wishes.is_kept_away(self._server, username):
                scene.leave("a learner here asked the tutor to stay away")
                return
            if await wishes.is_muted(self._server, username):
                scene.mind.mute(username, muted=True)
        except StoreUnavailableError as error:
            log.warning("learner's wish not known", room=scene.stamp.room, reason=str(error))
            scene.around.timers.wake(
                (scene, username),
                scene.around.clock.now() + ASK_AGAIN,
                lambda _now: self._acts.add(lambda: self._look_up(username)),
            )
            return
        self._unknown.discard(username)
        if not self._unknown:
            waited, self._when_known = self._when_known, []
            for act in waited:
                act()
        if scene.around.habits.introduce:
            self._strangers.add(username)
            await self._introduce_all()

    def introduce(self) -> None:
        """The room is live: tell whom we met before it was."""
        self._acts.add(self._finish)
        self._acts.add(self._introduce_all)

    async def _finish(self) -> None:
        """Write to the end what an earlier life of ours began to tell: an introduction is made only once."""
        scene, page = self._scene, self._scene.page
        if page is None or scene.why_silent() is not None:
            return
        for cell in page.view.snapshot(Seq(0)).cells:
            mark = cell.ownership
            if mark is not None and mark.role is CellRole.STATUS and mark.is_unfinished(cell.source):
                try:
                    await page.writer.rewrite_note(cell.id, mark.writing)
                except LttError as error:
                    log.info("unfinished text left", room=scene.stamp.room, reason=str(error))

    async def _introduce_all(self) -> None:
        while self._strangers and self._scene.why_silent() is None:
            if await self._scene.around.wishes.introduce(self._server, self._strangers.pop()):
                await self._introduce()

    async def _introduce(self) -> None:
        scene, page = self._scene, self._scene.page
        if page is None:
            return
        cells = page.view.snapshot(Seq(0)).cells
        if not cells:
            return
        humans = page.provider.presence.humans() if page.provider is not None else ()
        is_working = any(human.selection is not None for human in humans)
        # Below the title, where reading begins; once somebody works, at the end, where nothing on the screen moves.
        about = cells[0] if cells[0].type is CellType.MARKDOWN and not is_working else cells[-1]
        note = Note(
            suggestion=SuggestionId(f"i-{secrets.token_hex(6)}"),
            about=about.id,
            expected_hash=about.hash,
            text=INTRODUCTION.format(name=scene.around.user.display_name),
            role=CellRole.STATUS,
        )
        try:
            await page.writer.write_note(note)
        except LttError as error:
            log.info("introduction not written", room=scene.stamp.room, reason=str(error))
