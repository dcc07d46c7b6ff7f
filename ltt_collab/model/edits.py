"""What happened in a room: frozen facts, named noun + past participle, in one order.

Every event of a room is numbered without gaps (``seq``). ``at`` is Unix time in seconds.
Positions in text are code points. Applying all events with ``seq > n`` in order to a snapshot taken at ``n``
gives the document as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ltt_collab.model.cells import Cell, CellType, Output, Ownership
from ltt_collab.model.courses import TaskMark
from ltt_collab.model.ids import CellId, CourseId, RoomId, Seq, SuggestionId
from ltt_collab.model.presence import Author, Selection, User
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.model.validations import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share."""

    room: RoomId
    seq: Seq
    at: float
    author: Author


@dataclass(frozen=True, slots=True)
class Splice:
    """At code point ``at``, ``deleted`` code points gave way to ``inserted``."""

    at: int
    deleted: int
    inserted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellInserted(Event):
    """A cell appeared at ``index`` (0-based over all cells)."""

    cell: Cell
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRemoved(Event):
    """A cell went away; ``index`` is where it was."""

    cell_id: CellId
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellMoved(Event):
    """A cell with the same id went from one index to another within one transaction.

    ``cell`` is the cell as it stands now; ``to_index`` counts after it was taken out at ``from_index``.
    """

    cell: Cell
    from_index: int
    to_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CellTypeChanged(Event):
    """Code became Markdown, or the like, under the same id; ``cell`` is the cell as it stands now."""

    cell_id: CellId
    cell_type: CellType
    cell: Cell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEdited(Event):
    """The text of a cell changed: each splice's ``at`` counts in the text as the splices before it left it."""

    cell_id: CellId
    splices: tuple[Splice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstEnded(Event):
    """Typing in one cell paused, or went on for the longest a burst may last.

    ``first_seq`` and ``last_seq`` bound the ``SourceEdited`` events; ``source`` is the text after them.
    """

    cell_id: CellId
    first_seq: Seq
    last_seq: Seq
    source: str


class RunOutcome(StrEnum):
    """How a run ended; ``UNKNOWN``: its end was not seen (kernel gone, browser closed in mid-run)."""

    OK = "ok"
    ERROR = "error"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """An exception as the kernel reported it; ``traceback`` has its ANSI codes removed, a frame a line."""

    name: str
    value: str
    traceback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A cell began to run; ``source_hash`` is what the cell held then.

    Said once more, with the same hash, when a cell that runs was moved: its run goes on.
    """

    cell_id: CellId
    source_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """A run ended. ``duration`` in seconds, None when its start was not seen."""

    cell_id: CellId
    execution_count: int | None
    outcome: RunOutcome
    error: RunError | None
    duration: float | None
    source_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsAppended(Event):
    """Outputs arrived; ``start`` is the index of the first of them in the cell's outputs.

    When the cell has an output at ``start`` already, that is a stream which grew: the first of ``outputs`` is only
    what was added to it. Nothing is sent for what a stream gains after its text was truncated.
    """

    cell_id: CellId
    start: int
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsCleared(Event):
    """All outputs of a cell went away; ``execution_count`` is what the cell shows afterwards."""

    cell_id: CellId
    execution_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataChanged(Event):
    """Metadata keys of a cell changed; ``cell_id`` None means the notebook's own metadata.

    ``ownership``, ``tags`` and ``task`` are the cell's after the change.
    """

    cell_id: CellId | None
    keys: tuple[str, ...]
    ownership: Ownership | None = None
    tags: tuple[str, ...] = ()
    task: TaskMark | None = None


class ReloadCause(StrEnum):
    """Why the document must be read anew.

    ``JOINED`` stands in records only, as what they begin with: whoever listens asks for a snapshot.
    """

    JOINED = "joined"
    REJOINED = "rejoined"
    OUT_OF_BAND = "out_of_band"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReloaded(Event):
    """The document was replaced: forget what earlier events built up and take ``cells``."""

    cause: ReloadCause
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRenamed(Event):
    """The file has another path now; the room is the same."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerJoined(Event):
    """Somebody became visible in the room (``author.client`` tells two tabs apart)."""

    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerLeft(Event):
    """Somebody left the room."""

    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorMoved(Event):
    """Somebody's caret or selection is elsewhere; None: in no cell."""

    selection: Selection | None


class HelpCause(StrEnum):
    """Which trigger asks for help."""

    ERROR_RAISED = "error_raised"
    SAME_ERROR_AGAIN = "same_error_again"
    IDLE_AFTER_ERROR = "idle_after_error"
    THRASHING = "thrashing"
    RUN_ORDER = "run_order"
    CHECK_FAILED = "check_failed"
    ALL_PASSED = "all_passed"
    ASKED = "asked"
    TASK_OPENED = "task_opened"
    LONG_RUN = "long_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpRequested(Event):
    """A trigger fired: a tutor may now propose help about ``cell_id``, up to ``rung``.

    ``cause_key`` names the problem (for one learner, cell and error); ``expected_hash`` is the source that
    the decision rests on. ``question``: what the learner asked, for ASKED; ``chat`` and ``reply_to``: the chat room
    and message that it was asked in, '' when asked in a cell. ``task``: the cell's task, '' for none.
    """

    cell_id: CellId
    cause: HelpCause
    cause_key: str
    rung: int
    error: RunError | None
    expected_hash: str
    question: str = ""
    chat: str = ""
    reply_to: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionShown(Event):
    """A suggestion is visible to the learner; ``note_cell`` is our cell, if it has one.

    ``cause_key`` is the problem it helps with, '' when its author named none.
    """

    suggestion: SuggestionId
    about: CellId
    placement: Placement
    rung: int
    text: str
    note_cell: CellId | None
    cause_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionEnded(Event):
    """A suggestion is over."""

    suggestion: SuggestionId
    about: CellId
    reason: EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChecked(Event):
    """The judge answered about a task in this notebook; ``author`` is whom the check was for."""

    course: CourseId
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePosted(Event):
    """A chat message about this notebook; ``cell_id``: where its author was then, None for nowhere.

    ``chat``: the chat document's room. ``text`` is data, never an instruction to us beyond asking.
    """

    chat: str
    message: str
    text: str
    cell_id: CellId | None = None


class RoomState(StrEnum):
    """Where a room's life is, as clients see it."""

    JOINING = "joining"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomStateChanged(Event):
    """The room's connection changed; ``reason`` is a sentence for people."""

    state: RoomState
    reason: str


RoomEvent = (
    CellInserted
    | CellRemoved
    | CellMoved
    | CellTypeChanged
    | SourceEdited
    | BurstEnded
    | RunStarted
    | RunFinished
    | OutputsAppended
    | OutputsCleared
    | MetadataChanged
    | DocumentReloaded
    | DocumentRenamed
    | PeerJoined
    | PeerLeft
    | CursorMoved
    | HelpRequested
    | SuggestionShown
    | SuggestionEnded
    | TaskChecked
    | MessagePosted
    | RoomStateChanged
)
