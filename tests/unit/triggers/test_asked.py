"""Help that is asked for, and what learners tell the tutor, told as conversations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.commands import CheckTask, ControlKernel, MuteLearner, TutorAnswered
from ltt_collab.model.edits import DocumentReloaded, HelpCause, PeerJoined, ReloadCause
from ltt_collab.model.ids import CellId, ClientId, Username
from ltt_collab.model.presence import Author, User
from ltt_collab.triggers.asked import UNFINISHED
from ltt_collab.triggers.grammar import Directive, directive_in, question_of, questions_in
from ltt_collab.triggers.long_run import ENDLESS
from ltt_collab.triggers.policy import Calm
from ltt_collab.tutoring.budget import Budget
from tests.support.conversation import ADA, BOB, DISK, NAME_ERROR, NOBODY_KNOWN, TYPE_ERROR, A, B, Helped, code, note

PROSE = CellId("prose")
LOOP = "while True:\n    x = 1"


@pytest.fixture
def room() -> Helped:
    return Helped().opens(code(A, "x = 1"), code(B, "y = 2"), Cell(id=PROSE, type=CellType.MARKDOWN, source=""))


def joins(room: Helped, *people: Author) -> Helped:
    for who in people:
        user = User(username=who.username or Username("?"), display_name="")
        room.hears(PeerJoined(**room.events.head(who), user=user))
    return room


@pytest.mark.parametrize(
    ("source", "questions"),
    [
        ("# @tutor why is this None?", ("why is this None?",)),
        ("x = f(1)  # @Tutor: why?", ("why?",)),
        ("for i in range(3): #?", ("for i in range(3):",)),
        ("# what is a list #?", ("what is a list",)),
        ("print('# @tutor why?')", ()),
        ('s = "it\'s # @tutor why"', ()),
        ("print('a') # @tutor what's this?", ("what's this?",)),
        ("# @tutor", ()),
        ("# @tutor ???", ()),
        ("# @tutor leave", ()),
        ("# @tutors why?", ()),
        ("@tutor why?", ()),
        ("x = 1 # ask me@tutor", ()),
        ("# @tutor a?\n# @tutor b?\n# @tutor a?", ("a?", "b?")),
    ],
)
def test_what_is_a_question_in_code(source: str, questions: tuple[str, ...]) -> None:
    assert questions_in(source, prose=False) == questions


@pytest.mark.parametrize(
    ("source", "questions"),
    [
        ("@tutor why?", ("why?",)),
        ("## @tutor, what now?", ("what now?",)),
        ("- @tutor explain lists", ("explain lists",)),
        ("ask @tutor for help", ()),
        ("what is a list #?", ("what is a list",)),
    ],
)
def test_what_is_a_question_in_prose(source: str, questions: tuple[str, ...]) -> None:
    assert questions_in(source, prose=True) == questions


def test_a_message_loses_the_address_and_keeps_the_rest() -> None:
    assert question_of("@tutor, why?") == "why?"
    assert question_of("hey @Tutor why is this:\n  x") == "hey  why is this:\n  x"
    assert len(question_of("x" * 9_000)) == 2_000


@pytest.mark.parametrize("word", ["mute", "unmute", "check", "yes", "interrupt", "restart"])
def test_every_command_is_understood_in_a_comment(word: str) -> None:
    assert directive_in(f"x = 1\n#  @tutor {word.upper()}.") is Directive(word)


@pytest.mark.proves("trigger:asked-in-the-cell")
def test_a_question_in_a_comment_is_asked_once_its_writer_pauses(room: Helped) -> None:
    room.writes("x = 1  # @tutor why is x 1?")
    assert room.asks == []
    room.later(1.0)
    (ask,) = room.asks
    assert (ask.cause, ask.question, ask.cell_id, ask.rung) == (HelpCause.ASKED, "why is x 1?", A, 1)
    room.tutor_answers().later(60).writes("x = 1  # @tutor why is x 1?\ny").later(60)
    assert len(room.asks) == 1


def test_a_question_without_a_mark_at_its_end_may_go_on(room: Helped) -> None:
    room.writes("# @tutor why does").later(UNFINISHED - 0.5)
    assert room.asks == []
    room.writes("# @tutor why does it stop").later(UNFINISHED + 0.5)
    assert [ask.question for ask in room.asks] == ["why does it stop"]


def test_running_the_cell_asks_what_stands_there(room: Helped) -> None:
    room.writes("# @tutor explain lists").runs_it(A).later(UNFINISHED)
    assert [ask.question for ask in room.asks] == ["explain lists"]


def test_a_question_that_stood_there_before_we_came_or_by_nobody_known_is_not_asked() -> None:
    room = Helped().opens(code(A, "# @tutor why?"))
    room.writes("# @tutor why?\nx").later(10)
    room.hears(
        DocumentReloaded(
            **room.events.head(DISK), cause=ReloadCause.REJOINED, cells=(code(A, "# @tutor how?"), code(B, ""))
        )
    )
    room.writes("# @tutor how?\nx").later(10).writes("# @tutor who?", B, by=NOBODY_KNOWN).later(10)
    assert room.asks == []
    assert "cannot be told by whom" in room.because


def test_our_own_notes_ask_nothing() -> None:
    own = note(source="x")
    room = Helped().opens(code(A), own)
    assert room.writes("@tutor why?", own.id).later(10).asks == []


@pytest.mark.proves("trigger:asked-in-the-chat")
def test_a_message_is_a_question_about_the_cell_where_its_author_is(room: Helped) -> None:
    room.writes("y = 3", B).says("what is y?")
    (ask,) = room.asks
    assert (ask.cell_id, ask.question, ask.chat) == (B, "what is y?", "chat")
    assert ask.reply_to.startswith("m")


def test_a_question_in_the_chat_outlives_typing(room: Helped) -> None:
    room.says("what is x?", A).types(A).types(A)
    room.says("and now?", A)
    assert [ask.question for ask in room.asks] == ["what is x?", "and now?"]


@pytest.mark.proves("trigger:asked-in-the-chat")
def test_where_several_people_talk_only_what_names_the_tutor_is_for_it(room: Helped) -> None:
    joins(room, ADA, BOB).says("shall we swap?")
    assert room.asks == []
    assert "does not name @tutor" in room.because
    room.says("@tutor shall we swap?")
    assert [ask.question for ask in room.asks] == ["shall we swap?"]


def test_a_question_about_an_error_climbs_its_ladder_only_after_an_act(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).sees_hint("s1").says("why?", A).sees_hint("s2").types(A).says("why?", A)
    assert room.rungs == [1, 1, 2]
    assert len({ask.cause_key for ask in room.asks}) == 1


@pytest.mark.proves("trigger:asked-is-not-limited")
def test_asked_help_comes_beyond_budget_mute_dismissal_and_beside_another_request() -> None:
    room = Helped(budget=Budget(0), calm=Calm(unasked=False)).opens(code(A, "x"), code(B, "y"))
    room.policy.mute("ada", muted=True)
    assert room.runs_it(A, NAME_ERROR).asks == []
    room.says("why?", A).says("and this?", B, by=BOB)
    assert [ask.question for ask in room.asks] == ["why?", "and this?"]


def test_who_asks_while_an_own_request_is_at_the_tutor_need_not_wait(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).says("why?", B)
    assert [ask.cause for ask in room.asks] == [HelpCause.ERROR_RAISED, HelpCause.ASKED]
    room.runs_it(B, TYPE_ERROR)
    assert room.because == "the tutor is busy with another request"


@pytest.mark.proves("trigger:mute")
def test_who_mutes_the_tutor_gets_asked_help_only_until_unmuting(room: Helped) -> None:
    room.writes("# @tutor mute", B)
    assert room.others == [MuteLearner(username=Username("ada"), muted=True)]
    assert room.runs_it(A, NAME_ERROR).asks == []
    assert "muted" in room.because
    assert len(room.runs_it(A, NAME_ERROR, by=BOB).tutor_answers().asks) == 1
    room.says("@tutor unmute")
    assert room.others[1:] == [MuteLearner(username=Username("ada"), muted=False)]
    assert len(room.runs_it(A, TYPE_ERROR).later(30).asks) == 2


def test_a_course_may_allow_asked_help_only() -> None:
    room = Helped(calm=Calm(unasked=False)).opens(code(A, "x"))
    assert room.runs_it(A, NAME_ERROR).asks == []
    assert room.because == "a setting or the course allows asked help only"


@pytest.mark.proves("trigger:dismissal-makes-quiet")
def test_each_deleted_note_makes_a_longer_quiet_and_other_learners_are_helped(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR).sees_hint("s1").deletes_hint("s1").runs_it(B, TYPE_ERROR)
    assert "quiet for another 20 s" in room.because
    assert len(room.runs_it(B, TYPE_ERROR, by=BOB).tutor_answers().asks) == 2
    room.later(21).runs_it(B, TYPE_ERROR).sees_hint("s2").deletes_hint("s2").later(21).runs_it(PROSE, TYPE_ERROR)
    assert "quiet for another 39 s" in room.because


@pytest.mark.proves("trigger:kernel-only-on-a-yes")
def test_a_kernel_is_interrupted_only_after_the_offer_and_the_yes_of_who_got_it(room: Helped) -> None:
    room.writes(LOOP).says("@tutor yes")
    assert room.others == []
    assert "no offer stands" in room.because
    room.hears(room.events.started(A, source=LOOP)).later(ENDLESS + 1)
    assert room.others == []
    room.says("@tutor yes", by=BOB)
    assert room.others == []
    room.says("@tutor yes")
    assert room.others == [ControlKernel(cell_id=A, learner=ADA)]
    room.hears(room.events.finished(A, source=LOOP)).says("@tutor yes")
    assert len(room.others) == 1


def test_an_order_by_name_needs_no_offer_but_something_that_runs(room: Helped) -> None:
    room.says("@tutor interrupt")
    assert "nothing runs" in room.because
    room.hears(room.events.started(A)).writes("# @tutor interrupt", B).says("@tutor restart")
    assert room.others == [
        ControlKernel(cell_id=A, learner=ADA),
        ControlKernel(cell_id=A, learner=ADA, restart=True),
    ]


def test_running_all_cells_never_stops_a_kernel() -> None:
    room = Helped().opens(code(A, "# @tutor restart"), code(B, "# @tutor interrupt"))
    assert room.runs_it(A).runs_it(B).others == []


def test_a_yes_that_is_part_of_a_longer_message_is_a_question(room: Helped) -> None:
    room.hears(room.events.started(A)).says("@tutor yes\nbut why?")
    assert room.others == []
    assert len(room.asks) == 1


def test_a_check_can_be_asked_for_in_a_cell_and_in_the_chat(room: Helped) -> None:
    room.writes("# @tutor check").says("@tutor check", B)
    assert [isinstance(other, CheckTask) and other.asked for other in room.others] == [True, True]
    assert room.asks == []


@pytest.mark.proves("trigger:a-name-told-later-counts")
def test_who_failed_before_their_name_was_told_is_asked_about_that_error(room: Helped) -> None:
    nameless = replace(ADA, username=None, client=ClientId(7))
    ada = replace(ADA, client=ClientId(7))
    room.runs_it(B, NAME_ERROR, by=nameless)
    joins(room, ada).tutor_answers().says("why?", by=ada)
    assert (room.asks[-1].cell_id, room.asks[-1].error) == (B, NAME_ERROR)


@pytest.mark.proves("chat:answered-beside-a-note")
def test_the_end_of_a_note_about_the_same_error_is_not_the_end_of_a_question(room: Helped) -> None:
    room.runs_it(A, NAME_ERROR)
    note = room.asks[-1]
    room.says("why?")
    chat = room.asks[-1]
    assert (note.cause_key, note.reply_to) == (chat.cause_key, "")
    ended = TutorAnswered(cause_key=note.cause_key, answer=None, now=room.events.now)
    assert list(room.policy.handle(ended)) == []
    room.runs_it(B, NAME_ERROR, by=BOB)
    assert room.asks[-1] is chat, "the tutor is still at the question"
    room.asks.remove(chat)
    room.asks.append(chat)
    room.tutor_answers()
    assert room.asks[-1].cell_id == B
