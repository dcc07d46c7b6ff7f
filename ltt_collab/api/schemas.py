"""What the HTTP door takes and gives, as OpenAPI describes it; ``model.wire`` makes the JSON itself."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ltt_collab.model.cells import CellRole, CellType, OutputType
from ltt_collab.model.courses import TaskRole
from ltt_collab.model.edits import RoomState
from ltt_collab.model.ids import CellId, Username
from ltt_collab.model.suggestions import Draft, Placement, RejectionReason

_Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RoomBody(_Body):
    """One open room."""

    id: str = Field(description="Opaque, URL-safe, unique over servers, the same after a rename.")
    server: str = Field(description="Base URL of the Jupyter server.")
    learner: str | None = Field(description="The first human seen in it.")
    path: str = Field(description="The notebook's path on its server.")
    state: RoomState
    last_seq: int = Field(description="The number of the room's latest event; 0 before the first.")


class OwnershipBody(_Body):
    """Marks a cell as the tutor's."""

    role: CellRole
    suggestion: str
    about: str = Field(description="The learner's cell that it is about.")
    rung: int
    author: str
    written: str = Field(description="Hash of the source as the tutor left it; another one: a learner edited it.")
    writing: str = Field(description="The whole text while the tutor is still typing it, else empty.")


class OutputBody(_Body):
    """One output, text only and size-capped."""

    type: OutputType
    text: str
    stream: str
    mime_types: list[str]
    error_name: str
    error_value: str
    truncated: bool


class TaskMarkBody(_Body):
    """Which task a cell belongs to."""

    course: str = Field(description="Empty where a tag names the task alone.")
    task: str
    role: TaskRole


class CellBody(_Body):
    """One cell as it stood."""

    id: str
    type: CellType
    source: str
    execution_count: int | None
    running: bool
    outputs: list[OutputBody]
    ownership: OwnershipBody | None
    tags: list[str]
    task: TaskMarkBody | None = Field(description="The task it belongs to, as its metadata say.")
    hash: str = Field(description="Send it back as `expected_hash` of a suggestion.")


class NotebookBody(_Body):
    """A whole notebook as it stood after event `seq`."""

    room: str
    path: str
    cells: list[CellBody]
    seq: int = Field(description="Subscribe after this event to miss none.")
    language: str


class DecisionBody(_Body):
    """Why help was or was not given."""

    at: float = Field(description="Unix time in seconds.")
    about: str | None = Field(description="The cell; none for the whole room.")
    decision: str
    because: str


class DeclinedBody(_Body):
    """A request for help that its reader does not answer."""

    cause_key: str = Field(max_length=500, description="The `cause_key` of the request.")
    reply_to: str = Field(
        default="", max_length=500, description="The `reply_to` of the request: the message, if it came by chat."
    )


class SuggestionBody(_Body):
    """A proposed suggestion."""

    cell_id: _Key = Field(description="The learner's cell it is about.")
    expected_hash: _Key = Field(description="That cell's `hash` in the snapshot that you decided on.")
    placement: Placement
    text: str = Field(max_length=20_000, description="Markdown; empty only for a bare pointer.")
    rung: int = Field(1, ge=1, le=3, description="1 where to look, 2 what is wrong, 3 how such a thing is mended.")
    line: int | None = Field(None, ge=1, description="The line to point at, 1-based; none: the whole cell.")
    idempotency_key: _Key = Field(description="A retry with the same key is answered as the first was.")
    cause_key: str = Field("", max_length=500, description="The `cause_key` of the request for help, if there was one.")
    author: _Key = Field("tutor", description="Who proposes it, as recorded in the cell's metadata.")
    chat: str = Field("", max_length=500, description="For `chat`: the chat room of the request for help.")
    reply_to: str = Field("", max_length=500, description="For `chat`: the message that is answered.")
    more: bool = Field(False, description="For `chat`: another piece of the same answer follows.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.placement is not Placement.POINTER and not self.text.strip():
            raise ValueError(f"a {self.placement} needs a text")
        if self.placement is Placement.CHAT and not (self.chat and self.reply_to):
            raise ValueError("a chat answer needs `chat` and `reply_to`, as the request for help gave them")
        return self

    def as_draft(self) -> Draft:
        """The draft that goes before the gate."""
        return Draft(
            cell_id=CellId(self.cell_id),
            expected_hash=self.expected_hash,
            placement=self.placement,
            text=self.text,
            rung=self.rung,
            line=self.line,
            idempotency_key=self.idempotency_key,
            cause_key=self.cause_key,
            author=Username(self.author),
            chat=self.chat,
            reply_to=self.reply_to,
            more=self.more,
        )


class ShownBody(_Body):
    """The learner sees it."""

    answer: Literal["shown"]
    suggestion: str


class HeldBody(_Body):
    """It waits, and why."""

    answer: Literal["held"]
    suggestion: str
    reason: str


class StoreBody(_Body):
    """How the database does. What it does not take now waits on disk, and is written when it is back."""

    available: bool
    waiting: int = Field(description="Writes that wait.")
    reason: str = Field(description="Why they wait, '' when none does.")


class ReadyBody(_Body):
    """Whether the service watches the learner's server, and how the database does."""

    ready: bool
    reason: str
    store: StoreBody


class HealthBody(_Body):
    """The process is alive."""

    status: Literal["ok"]
    version: str


class ProblemBody(BaseModel):
    """A refusal (RFC 9457). Errors that carry data have it as further members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="`urn:ltt-collab:problem:` and the code with hyphens.")
    title: str
    status: int
    code: str = Field(description="Stable; branch on this.")
    detail: str = Field(description="What was wrong, with which value, and what to do.")
    errors: list[dict[str, Any]] | None = Field(None, description="With `invalid_request`: each fault, where and what.")
    resync: str | None = Field(None, description="With `resume_point_gone`: get this snapshot and subscribe after it.")
    answer: Literal["rejected"] | None = Field(None, description="With `suggestion_rejected`.")
    reason: RejectionReason | str | None = Field(None, description="With `suggestion_rejected`: why.")
    current_source: str | None = Field(None, description="With a conflict: what the cell holds now.")
