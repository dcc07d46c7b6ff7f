"""An instructor takes over in a learner's chat: named as such, and the tutor leaves them the word."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chat import chatting
from tests.support.deadlines import eventually
from tests.support.jupyter import code_cell, running_jupyter
from tests.support.learner import TUTOR, learner_in
from tests.support.service import running_service
from tests.support.visitors import visitor

pytestmark = [pytest.mark.jupyter]

WRONG = "total = 10\nprint(totl)"
SAID = "Compare the two names letter by letter."


@pytest.mark.proves("chat:instructor-takes-over")
@pytest.mark.soak
async def test_once_an_instructor_speaks_in_the_chat_the_tutor_answers_only_when_it_is_named(tmp_path: Path) -> None:
    async with (
        running_jupyter(tmp_path / "jupyter") as jupyter,
        running_service(jupyter, tmp_path / "service", settings={"LTT_INTRODUCE": "false"}) as service,
    ):
        jupyter.write_notebook("lesson.ipynb", code_cell(WRONG, "first"), code_cell("", "second"))
        async with (
            learner_in(jupyter, "lesson.ipynb") as ada,
            chatting(jupyter, "lesson.chat", person=ada) as chat,
            visitor(service, "Instructor's wall") as wall,
        ):
            room = await service.room("lesson.ipynb")
            await ada.run("first")
            await ada.sees_note(about="first")
            await eventually(lambda: any(state.get("user") for state in chat.tutors()), what="the tutor in the chat")
            asked = chat.post("Why does this fail?")
            await chat.sees_answer(asked)

            said = await wall.act("/wall/whisper", learner=room["learner"], words=SAID, where="chat")
            assert said == "Said."

            def heard() -> bool:
                return any(message["body"] == SAID for message in chat.messages())

            await eventually(heard, what="the instructor's words in the chat")
            theirs = next(message for message in chat.messages() if message["body"] == SAID)
            assert chat.users[theirs["sender"]]["display_name"] == "instructor (instructor)"
            assert theirs["sender"] not in {TUTOR, room["learner"]}
            assert chat.are_shared_maps(), "the chat is whole in a browser"

            unnamed = chat.post("Ah, they differ!")
            named = chat.post("@tutor is that the reason?")
            await chat.sees_answer(named)
            assert unnamed not in {answer["metadata"]["ltt"]["reply_to"] for answer in chat.answers()}
            actions = [each["action"] for each in (await service.http.get("/api/v1/audit")).json()]
            assert "learner.whispered" in actions
