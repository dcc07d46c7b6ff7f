"""Chats of a real Jupyter server with jupyterlab-chat: joined, heard and answered, with learners on real sockets."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import anyio
import pytest
import pytest_asyncio

from ltt_collab.model.edits import HelpRequested, MessagePosted, SuggestionShown
from ltt_collab.model.ids import Username
from ltt_collab.model.suggestions import Draft, Placement, Shown
from ltt_collab.peer.chat_speech import SILENT
from ltt_collab.peer.room import RoomPeer
from tests.support.chat import TUTOR_USER, ChatLearner, Rooms, chatting, rooms_without_tutor
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell, running_jupyter
from tests.support.learner import Learner, learner_in

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="module")]

QUESTION = "Why does my loop never end?"
SENTENCES = (
    "Look at the line with `while`.",
    "Which value in its condition changes in the loop?",
    "None: that is why.",
)

_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jupyter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Jupyter]:
    async with running_jupyter(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest.fixture
def stem(jupyter: Jupyter) -> str:
    """A notebook and a chat of that name, which no other test knows; the chat is not made yet."""
    name = f"lesson-{next(_numbers)}"
    jupyter.write_notebook(f"{name}.ipynb", code_cell("n = 3\nwhile n:\n    pass", "first"), code_cell("", "second"))
    return name


def piece(room: RoomPeer, chat: str, message: str, text: str, *, more: bool, cause_key: str = "") -> Draft:
    """A piece of an answer about the first cell."""
    return Draft(
        cause_key=cause_key,
        cell_id=room.snapshot().cells[0].id,
        expected_hash=room.snapshot().cells[0].hash,
        placement=Placement.CHAT,
        text=text,
        idempotency_key=f"{message}/{text}",
        chat=chat,
        reply_to=message,
        more=more,
    )


async def answered(room: RoomPeer, chat: str, message: str, *sentences: str, cause_key: str = "") -> None:
    for sentence in sentences:
        more = sentence != sentences[-1]
        draft = piece(room, chat, message, sentence, more=more, cause_key=cause_key)
        assert isinstance(await room.propose(draft), Shown)


@asynccontextmanager
async def ada_at_work(jupyter: Jupyter, stem: str) -> AsyncIterator[tuple[Rooms, Learner, ChatLearner]]:
    """Ada with her notebook and its chat open, and our rooms without a tutor, for the test to speak in its place."""
    async with (
        rooms_without_tutor(jupyter) as rooms,
        learner_in(jupyter, f"{stem}.ipynb") as ada,
        chatting(jupyter, f"{stem}.chat", person=ada) as chat,
    ):
        yield rooms, ada, chat


@pytest.mark.proves("chat:asked-in-the-notebook-one-is-in", "chat:one-message-per-answer", "chat:typing-shown")
async def test_a_question_reaches_the_notebook_and_is_answered_sentence_by_sentence_in_one_message(
    jupyter: Jupyter, stem: str
) -> None:
    async with ada_at_work(jupyter, stem) as (rooms, ada, chat):
        room = await rooms.room(f"{stem}.ipynb")
        place = await rooms.chat(f"{stem}.chat", chat)
        await ada.type("second", "# here")
        question = chat.post(QUESTION)

        posted = await eventually(lambda: rooms.heard(room, MessagePosted), within=5, what="the question")
        assert [(event.chat, event.message, event.text, event.cell_id) for event in posted] == [
            (place, question, QUESTION, "second")
        ]
        assert posted[0].author.username == ada.username
        await eventually(chat.tutor_is_typing, what="'is typing'")
        await answered(room, place, question, *SENTENCES)
        answer = await chat.sees_answer(question)
        assert answer["body"] == " ".join(SENTENCES)
        assert answer["sender"] == TUTOR_USER.username
        assert chat.users[TUTOR_USER.username]["bot"] is True
        await eventually(lambda: not chat.tutor_is_typing(), what="the end of 'is typing'")
        assert [event.text for event in rooms.heard(room, SuggestionShown)] == [" ".join(SENTENCES)]


@pytest.mark.proves("chat:nobody-left-without-a-word")
async def test_a_question_that_nobody_can_answer_gets_a_line_that_says_so(jupyter: Jupyter, stem: str) -> None:
    async with ada_at_work(jupyter, stem) as (rooms, _ada, chat):
        room = await rooms.room(f"{stem}.ipynb")
        place = await rooms.chat(f"{stem}.chat", chat)
        question = chat.post(QUESTION)
        await eventually(lambda: rooms.heard(room, MessagePosted), within=5, what="the question")
        rooms.around.chats.done(place, question)
        assert (await chat.sees_answer(question))["body"] == SILENT


@pytest.mark.proves("chat:answered-beside-a-note")
async def test_who_asks_while_a_note_about_the_same_error_is_written_gets_the_answer_and_not_a_shrug(
    jupyter: Jupyter, stem: str
) -> None:
    async with ada_at_work(jupyter, stem) as (rooms, ada, chat):
        room = await rooms.room(f"{stem}.ipynb")
        place = await rooms.chat(f"{stem}.chat", chat)
        await ada.type("second", "print(totl)")
        await ada.run("second")
        (about_note,) = await eventually(lambda: rooms.heard(room, HelpRequested), within=10, what="the error")
        question = chat.post(QUESTION)
        asked = await eventually(lambda: rooms.heard(room, HelpRequested)[1:], within=10, what="the question")
        assert (asked[0].cause_key, asked[0].reply_to) == (about_note.cause_key, question)

        room.decline(about_note.cause_key)  # the note is written: its request is over, the question is not
        await answered(room, place, question, *SENTENCES, cause_key=asked[0].cause_key)
        room.decline(asked[0].cause_key, question)

        assert (await chat.sees_answer(question))["body"] == " ".join(SENTENCES)


async def test_a_question_from_nowhere_is_answered_by_what_to_do(jupyter: Jupyter, stem: str) -> None:
    async with rooms_without_tutor(jupyter) as rooms, chatting(jupyter, f"{stem}.chat") as chat:
        await rooms.chat(f"{stem}.chat", chat)
        assert "Open one" in (await chat.sees_answer(chat.post(QUESTION)))["body"]


@pytest.mark.proves("chat:feedback")
async def test_thanks_or_a_no_is_remembered_with_the_answer_and_is_no_question(jupyter: Jupyter, stem: str) -> None:
    async with ada_at_work(jupyter, stem) as (rooms, ada, chat):
        room = await rooms.room(f"{stem}.ipynb")
        place = await rooms.chat(f"{stem}.chat", chat)
        question = chat.post(QUESTION)
        await eventually(lambda: rooms.heard(room, MessagePosted), within=5, what="the question")
        await answered(room, place, question, SENTENCES[0])
        answer = await chat.sees_answer(question)
        store = rooms.around.feedback
        assert store is not None
        suggestion = answer["metadata"]["ltt"]["suggestion"]
        reply = chat.post("no")
        assert "unclear" in (await chat.sees_answer(reply))["body"]
        said = await store.of_suggestion(suggestion)
        assert [(one.learner, one.helpful) for one in said] == [(ada.username, False)]
        assert len(rooms.heard(room, MessagePosted)) == 1


@pytest.mark.proves("chat:others-not-read")
async def test_among_several_people_only_a_message_that_names_the_tutor_is_heard(jupyter: Jupyter, stem: str) -> None:
    async with (
        rooms_without_tutor(jupyter) as rooms,
        learner_in(jupyter, f"{stem}.ipynb") as ada,
        chatting(jupyter, f"{stem}.chat", person=ada) as chat,
        chatting(jupyter, f"{stem}.chat", name="Bob") as bob,
    ):
        room = await rooms.room(f"{stem}.ipynb")
        await rooms.chat(f"{stem}.chat", chat)
        await eventually(lambda: len(rooms.company(f"{stem}.chat")) == 2, what="both known to us")
        bob.post("Ada, did you see the tutor's note? @tutors are many.")
        await eventually(lambda: len(chat.messages()) == 1, what="Bob's message")
        chat.post("Yes. Which line is it?")
        asked = chat.post("@Tutor " + QUESTION)
        await eventually(lambda: rooms.heard(room, MessagePosted), within=5, what="the one question")
        assert [(event.message, event.text) for event in rooms.heard(room, MessagePosted)] == [
            (asked, "@Tutor " + QUESTION)
        ]


@pytest.mark.proves("chat:nobody-heard-under-anothers-name")
async def test_a_message_under_anothers_name_is_not_heard(jupyter: Jupyter, stem: str) -> None:
    async with (
        rooms_without_tutor(jupyter) as rooms,
        learner_in(jupyter, f"{stem}.ipynb") as ada,
        chatting(jupyter, f"{stem}.chat", name="Eve") as eve,
    ):
        room = await rooms.room(f"{stem}.ipynb")
        await rooms.chat(f"{stem}.chat", eve)
        eve.post("@tutor leave", sender=ada.username)
        eve.post("@tutor leave", sender=TUTOR_USER.username)
        eve.post("@tutor hello")
        await eventually(lambda: eve.answers() or rooms.heard(room, MessagePosted), within=5, what="Eve's own message")
        assert [event.text for event in rooms.heard(room, MessagePosted) if event.text != "@tutor hello"] == []


@pytest.mark.proves("chat:learner-messages-never-change", "chat:every-message-a-shared-map")
async def test_messages_posted_while_we_write_stay_as_they_were_and_nothing_breaks_the_chat(
    jupyter: Jupyter, stem: str
) -> None:
    async with ada_at_work(jupyter, stem) as (rooms, _ada, chat):
        room = await rooms.room(f"{stem}.ipynb")
        place = await rooms.chat(f"{stem}.chat", chat)
        said: dict[str, str] = {}
        for number in range(8):
            question = chat.post(f"@tutor question {number}")
            said[question] = f"@tutor question {number}"
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(answered, room, place, question, f"Answer {number}.")
                for more in range(4):
                    said[chat.post(f"meanwhile {number}.{more}")] = f"meanwhile {number}.{more}"
                    await anyio.sleep(0.01 * more)
        await eventually(lambda: len(chat.answers()) >= 8, what="every answer")
        assert {m["id"]: m["body"] for m in chat.messages() if m["sender"] == chat.username} == said
        assert [m["id"] for m in chat.messages() if m["id"] in said] == list(said)
        assert chat.are_shared_maps()


@pytest.mark.proves("chat:rejoined-nothing-doubled")
async def test_a_killed_and_restarted_server_costs_no_message_and_doubles_none(jupyter: Jupyter, stem: str) -> None:
    async with ada_at_work(jupyter, stem) as (rooms, ada, chat):
        room = await rooms.room(f"{stem}.ipynb")
        place = await rooms.chat(f"{stem}.chat", chat)
        first = chat.post(QUESTION)
        await answered(room, place, first, *SENTENCES)
        await chat.sees_answer(first)
        await jupyter.restart(signal.SIGKILL)
        await ada.join()
        await chat.join()
        await eventually(lambda: room.info.state.value == "live", within=40, what="us back in the notebook")
        await eventually(chat.tutor, within=40, what="us back in the chat")
        second = chat.post(QUESTION)
        await eventually(lambda: len(rooms.heard(room, MessagePosted)) == 2, within=10, what="the second question")
        await answered(room, place, second, SENTENCES[0])
        assert (await chat.sees_answer(second))["body"] == SENTENCES[0]
        assert (await chat.sees_answer(first))["body"] == " ".join(SENTENCES)
        assert len(chat.answers()) == 2


@pytest.mark.proves("chat:files-followed")
async def test_a_renamed_chat_is_kept_and_a_deleted_one_left(jupyter: Jupyter, stem: str) -> None:
    async with rooms_without_tutor(jupyter) as rooms, chatting(jupyter, f"{stem}.chat") as chat:
        place = await rooms.chat(f"{stem}.chat", chat)
        (await jupyter.http.patch(f"api/contents/{stem}.chat", json={"path": f"{stem}-2.chat"})).raise_for_status()
        moved = await eventually(lambda: rooms.around.chats.at(rooms.supervisor.server_id, f"{stem}-2.chat"))
        assert moved is not None
        assert moved.room == place
        (await jupyter.http.delete(f"api/contents/{stem}-2.chat")).raise_for_status()
        await eventually(lambda: chat.tutor() is None, within=10, what="us gone")


@pytest.mark.proves("chat:left-with-the-last-human")
async def test_a_chat_without_people_is_left(jupyter: Jupyter, stem: str) -> None:
    async with rooms_without_tutor(jupyter, leave_grace=1.0) as rooms:
        async with chatting(jupyter, f"{stem}.chat") as chat:
            await rooms.chat(f"{stem}.chat", chat)
            chat.awareness.set_local_state_field("isWriting", None)  # who sits still is not seen, nor seen to leave
        await eventually(
            lambda: not rooms.around.chats.of_server(rooms.supervisor.server_id), within=15, what="us gone"
        )


@pytest.mark.proves("chat:found-after-a-restart", "chat:kept-away")
async def test_a_chat_that_was_open_before_we_came_is_joined_and_left_when_its_learner_wants_us_gone(
    jupyter: Jupyter, stem: str
) -> None:
    async with chatting(jupyter, f"{stem}.chat") as chat, rooms_without_tutor(jupyter) as rooms:
        await rooms.chat(f"{stem}.chat", chat)
        await rooms.around.wishes.keep_away(rooms.supervisor.server_id, Username(chat.username))
        chat.post("hello")
        chat.awareness.set_local_state_field("isWriting", None)
        await eventually(lambda: chat.tutor() is None, within=10, what="us gone")
        assert chat.answers() == []
