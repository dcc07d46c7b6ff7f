"""A room in one process: browsers as pycrdt documents, our replica, the decoder, and its log."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from pycrdt import Array, Doc, Map, Text

from ltt_collab.documents.replica import Replica
from ltt_collab.edits.decoder import DocumentDecoder
from ltt_collab.edits.replayer import apply_all
from ltt_collab.edits.shared import plain
from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import ClientId, RoomId, Seq, Username
from ltt_collab.model.presence import SERVER, UNKNOWN, Author, AuthorKind
from ltt_collab.model.reading import read_cells

EventT = TypeVar("EventT")

ROOM = RoomId("room")
OURS = ClientId(7)
ADA = Author(kind=AuthorKind.LEARNER, username=Username("ada"), client=ClientId(101))
BOB = Author(kind=AuthorKind.LEARNER, username=Username("bob"), client=ClientId(102))
AI = Author(kind=AuthorKind.AI, username=Username("tutor"), client=OURS)
SERVER_CLIENT = 55


class People:
    """Who is in the room."""

    def __init__(self, *humans: Author) -> None:
        self.present = list(humans)

    def author_of(self, client: ClientId) -> Author:
        if client == OURS:
            return AI
        if client in {0, SERVER_CLIENT}:
            return SERVER
        return next((human for human in self.present if human.client == client), UNKNOWN)

    def humans(self) -> list[Author]:
        return self.present


def code_cell(cell_id: str, source: str = "", **more: Any) -> Map[Any]:
    """A code cell as JupyterLab writes it."""
    fields: dict[str, Any] = {
        "id": cell_id,
        "cell_type": "code",
        "source": Text(source),
        "metadata": Map({}),
        "execution_state": "idle",
        "execution_count": None,
        "outputs": Array([]),
    }
    return Map({**fields, **more})


def markdown_cell(cell_id: str, source: str = "", metadata: Mapping[str, Any] | None = None) -> Map[Any]:
    """A Markdown cell as JupyterLab writes it."""
    return Map({"id": cell_id, "cell_type": "markdown", "source": Text(source), "metadata": Map(dict(metadata or {}))})


def stream(text: str, name: str = "stdout") -> Map[Any]:
    """A stream output as JupyterLab writes it."""
    return Map({"output_type": "stream", "name": name, "text": Text(text)})


def error(name: str, value: str, *traceback: str) -> Map[Any]:
    """An error output as JupyterLab writes it."""
    return Map({"output_type": "error", "ename": name, "evalue": value, "traceback": list(traceback)})


class Browser:
    """One client of the room with a document of its own."""

    def __init__(self, client: int, send: Callable[[bytes], None]) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.cells: Array[Any] = self.doc.get("cells", type=Array)
        self.meta: Map[Any] = self.doc.get("meta", type=Map)
        self.state: Map[Any] = self.doc.get("state", type=Map)
        self.send = send

    @contextmanager
    def transaction(self) -> Generator[Array[Any]]:
        """Change the document; what changed is sent when it ends."""
        updates: list[bytes] = []
        subscription = self.doc.observe(lambda event: updates.append(event.update))
        with self.doc.transaction():
            yield self.cells
        self.doc.unobserve(subscription)
        for update in updates:
            self.send(update)

    def source(self, index: int) -> Text:
        """The text of one cell."""
        text = self.cells[index]["source"]
        assert isinstance(text, Text)
        return text

    def type(self, index: int, at: int, text: str, *, dirty: bool = True) -> None:
        """Insert text at a byte offset as one keystroke."""
        with self.transaction():
            self.source(index).insert(at, text)
            if dirty:
                self.state["dirty"] = True

    def erase(self, index: int, start: int, stop: int, *, dirty: bool = False) -> None:
        """Delete bytes of a cell's text."""
        with self.transaction():
            del self.source(index)[start:stop]
            if dirty:
                self.state["dirty"] = True


class Session:
    """Our side of the room, and the browsers in it.

    Invariants:
        1. ``check``: the events since ``begin``, applied to the notebook at ``begin``, give the notebook as it is.
    """

    def __init__(self, *cells: Map[Any], people: People | None = None) -> None:
        self.clock = 1000.0
        self.events: list[RoomEvent] = []
        self.stamp = Stamp(ROOM, Seq(0), lambda: self.clock)
        self.decoder = DocumentDecoder(self.stamp, people or People(ADA, BOB), self.events.append)
        self.sent: list[bytes] = []
        self.replica = Replica(on_local_update=self._sent_by_us, observer=self.decoder, client_id=OURS)
        self.browsers: list[Browser] = []
        self.ada = self._join(101)
        self.bob = self._join(102)
        self.server = self._join(SERVER_CLIENT)
        with self.server.transaction() as shared:
            self.server.state["path"] = "ex.ipynb"
            shared.extend(list(cells))
        assert not self.events, "the first sync is no edit"
        self.decoder.begin()
        self.start = self.notebook()

    def _join(self, client: int) -> Browser:
        browser = Browser(client, lambda update: self.relay(browser, update))
        self.browsers.append(browser)
        return browser

    def relay(self, sender: Browser | None, update: bytes) -> None:
        """Hand an update to everybody else."""
        for browser in self.browsers:
            if browser is not sender:
                browser.doc.apply_update(update)
        if sender is not None:
            self.replica.apply(update)

    def _sent_by_us(self, update: bytes) -> None:
        self.sent.append(update)
        self.relay(None, update)

    def notebook(self) -> Notebook:
        """The notebook as our replica holds it."""
        cells = read_cells(plain(self.replica.cells))
        return Notebook(room=ROOM, path=str(self.replica.status.get("path")), cells=cells, seq=self.stamp.last_seq)

    def check(self) -> None:
        """The promise of the event log (invariant 1)."""
        assert [event.seq for event in self.events] == list(range(1, len(self.events) + 1))
        assert apply_all(self.start, self.events) == self.notebook()

    def take(self) -> list[RoomEvent]:
        """The events since the last call, after a check; numbering begins anew."""
        self.check()
        taken, self.events[:] = list(self.events), []
        self.stamp.last_seq = Seq(0)
        self.start = self.notebook()
        return taken

    def only(self, kind: type[EventT]) -> EventT:
        """The one event since the last call, which is of that kind."""
        (event,) = self.take()
        assert isinstance(event, kind)
        return event

    def kinds(self) -> list[str]:
        """The names of the events since the last call."""
        return [type(event).__name__ for event in self.take()]
