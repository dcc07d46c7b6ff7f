"""A learner without a browser: types, runs cells and shows a caret over a real room socket, as JupyterLab does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import httpx
import picows
from pycrdt import Array, Assoc, Awareness, Map, Text, YMessageType, create_awareness_message, read_message

from ltt_collab.model.text import source_hash
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter
from tests.support.plain_peer import NOTEBOOK, PlainPeer
from tests.support.toy_kernel import ToyKernel

TUTOR = "ltt-tutor"
"""The user name under which the service shows itself."""

TYPING_PAUSE = 0.01
"""Seconds between two letters: faster than anybody types, and still an update each."""


class Learner(PlainPeer):
    """One browser tab of one person in one notebook."""

    def __init__(self, jupyter: Jupyter, path: str, name: str) -> None:
        super().__init__()
        self._jupyter, self._path, self._name = jupyter, path, name
        headers = {"Authorization": f"token {jupyter.token}"}
        self._http = httpx.AsyncClient(base_url=jupyter.url, headers=headers, timeout=10)
        self._kernel = ToyKernel()
        self._kernel_line: picows.WSTransport | None = None
        self.username = ""
        self.room = ""
        self.awareness = Awareness(self.doc)
        self.awareness.observe(self._presence_changed)

    # Coming and going.

    kind = NOTEBOOK

    async def join(self) -> None:
        """Enter the room, again after its server was away: with the same document, as an open page does."""
        identity = (await self._http.get("api/me")).json()["identity"]  # its cookie makes us one person to the server
        self.username = identity["username"]
        cookies = "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())
        headers = {"Authorization": f"token {self._jupyter.token}", "Cookie": cookies}
        self.room = await self.enter(self._http, headers, self._path, self.kind)
        self.awareness.set_local_state(self.state())

    @property
    def user(self) -> dict[str, Any]:
        """Who we are, as JupyterLab shows it."""
        shown = {"name": self._name, "display_name": self._name, "initials": self._name[:1]}
        return {"username": self.username, **shown, "color": "var(--jp-collaborator-color3)"}

    def state(self) -> dict[str, Any]:
        """The presence that a page shows when it has come."""
        return {"autosave": True, "user": self.user, "cursors": []}

    def say_goodbye(self) -> None:
        """Close the tab."""
        self.awareness.set_local_state(None)
        self.leave()

    async def close(self) -> None:
        """Leave nothing open behind."""
        if not self.ended:
            self.say_goodbye()
        if self._kernel_line is not None:
            self._kernel_line.disconnect()
        await self._http.aclose()

    # What a learner does.

    async def type(self, cell_id: str, text: str) -> None:
        """Type at the end of a cell, letter by letter, with the caret behind the last."""
        source = self._source(cell_id)
        for letter in text:
            source.insert(len(source), letter)
            self.put_caret(cell_id)
            await anyio.sleep(TYPING_PAUSE)

    def paste(self, cell_id: str, text: str) -> None:
        """Paste at the end of a cell, all at once."""
        source = self._source(cell_id)
        source.insert(len(source), text)

    async def replace(self, cell_id: str, text: str) -> None:
        """Select all of a cell and type over it."""
        self._source(cell_id).clear()
        await self.type(cell_id, text)

    def put_caret(self, cell_id: str) -> None:
        """Put the caret at the end of a cell that is not empty."""
        source = self._source(cell_id)
        position = {"type": None, "tname": None, "item": None, "assoc": 0}
        position |= source.sticky_index(len(source), Assoc.BEFORE).to_json()
        self._show_cursors([{"anchor": position, "head": position, "primary": True, "empty": True}])

    def take_caret_away(self) -> None:
        """Click outside of every cell."""
        self._show_cursors([])

    async def run(self, cell_id: str) -> None:
        """Run a cell as JupyterLab's page does: running, then the outputs, then idle with the number."""
        cell = self.cell(cell_id)
        outputs: Array[Any] = cell["outputs"]
        with self.doc.transaction():
            del outputs[:]
            cell["execution_count"] = None
            cell["execution_state"] = "running"
        await anyio.sleep(TYPING_PAUSE)
        result = self._kernel.run(str(cell["source"]))
        if result.stdout:
            outputs.append(Map({"output_type": "stream", "name": "stdout", "text": Text(result.stdout)}))
        if result.error is not None:
            outputs.append(Map(result.error))
        with self.doc.transaction():
            cell["execution_state"] = "idle"
            cell["execution_count"] = float(result.number)

    async def connect_kernel(self) -> None:
        """Start a kernel and listen to it, as the page does: that is how others see the notebook open later on."""
        wanted = {"path": self._path, "name": self._path, "type": "notebook", "kernel": {"name": "python3"}}
        kernel = (await self._http.post("api/sessions", json=wanted)).json()["kernel"]["id"]
        self._kernel_line, _ = await picows.ws_connect(
            picows.WSListener,
            f"{self._jupyter.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?session_id={self.username}",
            extra_headers={"Authorization": f"token {self._jupyter.token}"},
            max_redirects=0,
        )

    def delete(self, cell_id: str) -> None:
        """Delete a cell."""
        del self.notebook.ycells[self.ids().index(cell_id)]

    # What a learner sees.

    def ids(self) -> list[str]:
        """The ids of all cells."""
        return [str(cell["id"]) for cell in self.notebook.ycells]

    def cell(self, cell_id: str) -> Map[Any]:
        """A cell as it is shared."""
        found: Map[Any] = self.notebook.ycells[self.ids().index(cell_id)]
        return found

    def source(self, cell_id: str) -> str:
        """A cell's source."""
        return str(self.cell(cell_id)["source"])

    def own_sources(self) -> list[str]:
        """The sources of the cells that are not the tutor's."""
        return [str(cell["source"]) for cell in self.notebook.ycells if not _mark(cell)]

    def notes(self, role: str = "hint") -> list[dict[str, Any]]:
        """The tutor's cells of that role: id, source, and the mark that they carry."""
        return [
            {"id": str(cell["id"]), "source": str(cell["source"]), **mark}
            for cell in self.notebook.ycells
            if (mark := _mark(cell)).get("role") == role
        ]

    async def sees_note(self, *, about: str, rung: int | None = 1, within: float = 20.0) -> dict[str, Any]:
        """The one finished note about a cell, of that rung (None: any), waited for; it stands directly below.

        Raises:
            AssertionError: none came, or there is more than one.
        """

        def finished() -> dict[str, Any] | None:
            notes = [note for note in self.notes() if note["about"] == about]
            assert len(notes) <= 1, f"more than one note about {about}: {notes}"
            if not notes or rung not in {None, notes[0]["rung"]} or "writing" in notes[0]:
                return None
            return notes[0] if notes[0]["hash"] == source_hash(notes[0]["source"]) else None

        note = await eventually(finished, within=within, what=f"a note of rung {rung} about {about}")
        assert note is not None
        assert self.ids().index(note["id"]) == self.ids().index(about) + 1
        return note

    async def sees_no_note(self, *, within: float = 20.0) -> None:
        """Return once no hint stands in the notebook."""
        await eventually(lambda: not self.notes(), within=within, what="the note withdrawn")

    def tutor(self) -> dict[str, Any] | None:
        """The tutor's presence, None if nobody shows it."""
        return next(iter(self.tutors()), None)

    def tutors(self) -> list[dict[str, Any]]:
        """Every presence that calls itself the tutor's: the ghost of a lost connection is one more."""
        states = self.awareness.states.values()
        return [state for state in states if (state.get("user") or {}).get("username") == TUTOR]

    def tutor_is(self, activity: str) -> bool:
        """Whether the tutor's name flag says that it does this."""
        tutor = self.tutor()
        return tutor is not None and activity in tutor["user"]["display_name"]

    # The socket.

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Take part in presence too."""
        if frame.msg_type == picows.WSMsgType.BINARY:
            message = frame.get_payload_as_bytes()
            if message and message[0] == YMessageType.AWARENESS:
                self.awareness.apply_awareness_update(read_message(message[1:]), "room")
        super().on_ws_frame(transport, frame)

    def _presence_changed(self, topic: str, change: tuple[dict[str, Any], Any]) -> None:
        if topic == "update" and change[1] == "local":
            update = self.awareness.encode_awareness_update([self.awareness.client_id])
            self._send(create_awareness_message(update))

    def _show_cursors(self, cursors: list[dict[str, Any]]) -> None:
        self.awareness.set_local_state_field("cursors", cursors)

    def _source(self, cell_id: str) -> Text:
        source: Text = self.cell(cell_id)["source"]
        return source


def _mark(cell: Map[Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    mark = metadata.get("ltt") if isinstance(metadata, Map) else None
    return dict(mark) if isinstance(mark, Map | dict) else {}


@asynccontextmanager
async def learner_in(jupyter: Jupyter, path: str, name: str = "Ada") -> AsyncIterator[Learner]:
    """Open a notebook as a person with an identity of its own; closes the tab in the end."""
    async with present(Learner(jupyter, path, name)) as learner:
        yield learner


SomeLearner = TypeVar("SomeLearner", bound=Learner)


@asynccontextmanager
async def present(learner: SomeLearner) -> AsyncIterator[SomeLearner]:
    """Have somebody in their room, with presence renewed; closes the tab in the end."""
    async with anyio.create_task_group() as tasks:
        await tasks.start(learner.awareness.start)
        try:
            await learner.join()
            yield learner
        finally:
            with anyio.CancelScope(shield=True):
                await learner.close()
            tasks.cancel_scope.cancel()
