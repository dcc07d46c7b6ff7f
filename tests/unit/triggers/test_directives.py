"""What counts as telling the tutor something."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltt_collab.model.causes import learner_key
from ltt_collab.model.commands import Command, LeaveLearner, MuteLearner, RecordDecision, WelcomeLearner
from ltt_collab.model.edits import CellInserted, CellRemoved, DocumentReloaded, PeerJoined, ReloadCause, RoomEvent
from ltt_collab.model.ids import CellId, ClientId, Username
from ltt_collab.model.presence import Author, AuthorKind, User
from ltt_collab.triggers.directives import Directives
from ltt_collab.triggers.grammar import Directive, directive_in
from tests.support.conversation import ADA, BOB, DISK, NOBODY_KNOWN, TUTOR, A, B, Events, code, note, reasons

LEAVE_ADA = LeaveLearner(username=Username("ada"))


@pytest.mark.parametrize(
    "source",
    [
        "# @tutor leave", "#@tutor leave", "@tutor leave", "  ## @Tutor   LEAVE.  ", "x = 1\n# @tutor leave\r\ny = 2",
        "\t# @tutor\tleave!", "# @tutor come back\n# @tutor leave",
    ],
)  # fmt: skip
def test_a_line_that_says_leave_is_understood(source: str) -> None:
    assert directive_in(source) is Directive.LEAVE


@pytest.mark.parametrize("source", ["# @tutor come back", "@tutor COME  back!", "# @tutor leave\n\n# @tutor come back"])
def test_a_line_that_says_come_back_is_understood(source: str) -> None:
    assert directive_in(source) is Directive.COME_BACK


@pytest.mark.parametrize(
    "source",
    [
        "", "leave", "# tutor leave", "# @tutor leaves", "# @tutor leave me alone", "# please @tutor leave",
        "# me@tutor leave", "print('@tutor leave')", "x = 1  # @tutor leave", "# @tutor\nleave", "# @tutors leave",
        "# @tutor comeback", "# `@tutor leave`", "# @tutor leave..", "@tutor",
    ],
)  # fmt: skip
def test_anything_else_is_ordinary_text(source: str) -> None:
    assert directive_in(source) is None


class Told:
    def __init__(self) -> None:
        self.events, self.directives = Events(), Directives()

    def __call__(self, event: RoomEvent, ours: frozenset[CellId] = frozenset()) -> list[Command]:
        return list(self.directives.handle(event, ours))

    def obeyed(self, event: RoomEvent, ours: frozenset[CellId] = frozenset()) -> list[Command]:
        return [command for command in self(event, ours) if isinstance(command, LeaveLearner | WelcomeLearner)]


@pytest.fixture
def tell() -> Told:
    return Told()


def test_who_goes_on_typing_around_the_line_is_obeyed_once(tell: Told) -> None:
    assert tell.obeyed(tell.events.burst("# @tutor leave")) == [LEAVE_ADA]
    assert tell.obeyed(tell.events.burst("# @tutor leave\nx")) == []


def test_running_the_cell_says_it_too(tell: Told) -> None:
    tell.directives.adopt([code(A, "# @tutor leave")])
    assert tell.obeyed(tell.events.finished(A)) == [LEAVE_ADA]
    assert tell.obeyed(tell.events.finished(A)) == []


def test_a_line_that_stood_there_before_we_came_is_not_new(tell: Told) -> None:
    tell(DocumentReloaded(**tell.events.head(DISK), cause=ReloadCause.REJOINED, cells=(code(A, "# @tutor leave"),)))
    assert tell.obeyed(tell.events.burst("# @tutor leave\nx")) == []


def test_a_line_that_was_pasted_counts_when_its_cell_is_run(tell: Told) -> None:
    tell(CellInserted(**tell.events.head(ADA), cell=code(B, "# @tutor leave"), index=0))
    assert tell.obeyed(tell.events.finished(B)) == [LEAVE_ADA]


def test_a_line_that_went_with_its_cell_says_nothing_any_more(tell: Told) -> None:
    tell.directives.adopt([code(A, "# @tutor leave")])
    tell(CellRemoved(**tell.events.head(ADA), cell_id=A, index=0))
    assert tell.obeyed(tell.events.finished(A)) == []


def test_each_learner_speaks_for_oneself(tell: Told) -> None:
    assert tell.obeyed(tell.events.burst("# @tutor leave")) == [LEAVE_ADA]
    assert tell.obeyed(tell.events.burst("# @tutor leave", B, by=BOB)) == [LeaveLearner(username=Username("bob"))]
    assert tell.directives.is_away("ada")
    assert tell.directives.is_away("bob")


@pytest.mark.parametrize("author", [TUTOR, DISK, NOBODY_KNOWN, Author(kind=AuthorKind.LEARNER)])
def test_who_is_no_learner_with_a_name_is_not_obeyed_and_that_is_said(tell: Told, author: Author) -> None:
    commands = tell(tell.events.burst("# @tutor leave", by=author))
    assert reasons(commands) == ["'@tutor leave' was written, but it cannot be told by whom"]
    assert len(commands) == 1


def test_our_own_cells_say_nothing(tell: Told) -> None:
    own = note(source="@tutor leave")
    assert tell(tell.events.burst("@tutor leave", own.id), ours=frozenset({own.id})) == []
    tell.directives.adopt([own])
    assert tell.obeyed(tell.events.finished(own.id)) == []


def joins(tell: Told, who: Author) -> list[Command]:
    user = User(username=who.username or Username("?"), display_name="")
    return tell(PeerJoined(**tell.events.head(who), user=user))


@pytest.mark.proves("trigger:a-name-told-later-counts")
def test_who_mutes_us_before_their_name_is_known_has_quiet_at_once_and_is_remembered_once_it_is(tell: Told) -> None:
    nameless = replace(ADA, username=None, client=ClientId(7))
    tell(tell.events.burst("# @tutor unmute", A, by=nameless))
    said = tell(tell.events.burst("# @tutor mute", A, by=nameless))
    assert [type(command) for command in said] == [RecordDecision]
    assert tell.directives.is_muted(learner_key(nameless))
    obeyed = joins(tell, replace(ADA, client=ClientId(7)))
    assert [command for command in obeyed if isinstance(command, MuteLearner)][-1] == MuteLearner(
        username=Username("ada"), muted=True
    )
    assert tell.directives.is_muted("ada")
    assert joins(tell, replace(BOB, client=ClientId(7))) == []


@pytest.mark.proves("trigger:a-name-told-later-counts")
def test_who_sends_us_away_before_their_name_is_known_is_obeyed_once_it_is(tell: Told) -> None:
    nameless = replace(ADA, username=None, client=ClientId(7))
    assert tell.obeyed(tell.events.burst("# @tutor leave", A, by=nameless)) == []
    assert tell.directives.is_away(learner_key(nameless))
    assert joins(tell, replace(BOB, client=ClientId(8))) == []
    assert LEAVE_ADA in joins(tell, replace(ADA, client=ClientId(7)))


def test_no_kernel_is_stopped_for_a_word_that_is_old_by_the_time_its_author_is_named(tell: Told) -> None:
    nameless = replace(ADA, username=None, client=ClientId(7))
    tell(tell.events.burst("# @tutor interrupt", A, by=nameless))
    assert joins(tell, replace(ADA, client=ClientId(7))) == []
