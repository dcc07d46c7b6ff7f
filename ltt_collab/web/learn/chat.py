"""The chat beside the notebook: the same document as in JupyterLab."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Form
from starlette.responses import Response

from ltt_collab.model.ids import Username
from ltt_collab.ports.talking import ATTEND_SECONDS, Heard, Talk
from ltt_collab.web.answers import said
from ltt_collab.web.learn.desk import learner_of
from ltt_collab.web.policy import Visitor
from ltt_collab.web.render.markup import markdown
from ltt_collab.web.rendering import part
from ltt_collab.web.stage import Stage, TheLearner, TheStage
from ltt_collab.web.streams import EventStream, frame
from ltt_collab.web.texts import text

router = APIRouter()

LONGEST = 2_000

GATHER_SECONDS = 0.08
"""How long a frame waits for more words: an answer grows by some words at a time, ten times a second."""

LOOK_SECONDS = 2.0
"""Between two looks where the learner is: another notebook has another chat."""


@router.get("/chat")
async def chat_stream(stage: TheStage, visitor: TheLearner) -> Response:
    """The chat anew whenever something is said in it, here or in JupyterLab."""
    return EventStream(_frames(stage, visitor), stage.closing)


@router.post("/say")
async def say(stage: TheStage, visitor: TheLearner, words: Annotated[str, Form(max_length=LONGEST)]) -> Response:
    """Say that in the chat, in the learner's name; where there is no chat, ask the tutor in the notebook."""
    heard = Heard.NOWHERE
    if words.strip():
        heard = await stage.talking.say(learner_of(stage, visitor), words.replace("\r\n", "\n").strip())
    words_for = {Heard.CHAT: "learn.chat_said", Heard.NOTEBOOK: "learn.asked", Heard.NOWHERE: "learn.not_asked"}
    return said(text(words_for[heard]), "bad" if heard is Heard.NOWHERE else "good")


def panel(stage: Stage, learner: Username) -> str:
    """The chat as it stands."""
    return _html(stage.talking.look(learner))


async def _frames(stage: Stage, visitor: Visitor) -> AsyncIterator[bytes]:
    shown, attended = "", -ATTEND_SECONDS
    while True:
        learner = learner_of(stage, visitor)
        if time.monotonic() - attended >= ATTEND_SECONDS:
            attended = time.monotonic()
            await stage.talking.attend(learner)
        talk = stage.talking.look(learner)
        html = _html(talk)
        if html != shown:
            shown = html
            yield frame("chat", html)
        with anyio.move_on_after(LOOK_SECONDS):
            await talk.changed.wait()
            await anyio.sleep(GATHER_SECONDS)


def _html(talk: Talk) -> str:
    lines = [(line, markdown(line.text)) for line in talk.lines]
    return part("learn/chat.html", talk=talk, lines=lines)
