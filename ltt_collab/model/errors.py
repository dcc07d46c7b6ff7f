"""Every error that LTT Collab raises on purpose.

::

    LttError
    ├── UsageError                    the caller asked for something that cannot be (exit code 2, HTTP 4xx)
    │   ├── InvalidRoomAddressError
    │   ├── InvalidSettingError
    │   ├── InvalidNotebookError
    │   ├── UnknownRoomError
    │   ├── UnknownCellError
    │   ├── ResumePointGoneError      subscribe again from a snapshot (HTTP 410)
    │   ├── InvalidMessageError       a message in our wire format cannot be read
    │   │   └── InvalidEventError
    │   ├── BadFilePathError          a file for a sandbox would lie outside of its folder
    │   ├── CourseError               a course's files cannot be used: file, line, what to mend
    │   ├── UnknownCourseError
    │   ├── UnknownTaskError
    │   ├── UnknownValidationError
    │   ├── UnknownSubmissionError
    │   ├── UnknownSuggestionError
    │   ├── UnknownTokenError
    │   ├── NotWorkingOnItError       the learner has no open notebook of that task
    │   ├── NotAuthorizedError        nobody is known by that token (HTTP 401)
    │   └── ForbiddenError            somebody is, and may not do this (HTTP 403)
    ├── RoomError                     one room cannot be joined or kept
    │   ├── RoomUnreachableError      try again later
    │   ├── RoomRefusedError          the server said no; trying again as is will not help
    │   ├── RoomClosedError           an open room ended
    │   ├── ProtocolViolationError    the other side broke the protocol
    │   └── UnsupportedServerError    we join read-only
    ├── WriteError                    nothing was written
    │   ├── ConflictError             the cell is not what the writer was shown: decide again
    │   ├── NotOursError              the cell belongs to a learner
    │   ├── NotOurMessageError        the chat message is not, or no more, as we wrote it
    │   ├── CellOccupiedError         a human's caret is in the cell: try again when it has left
    │   ├── LeakError                 the text gives a task's solution away
    │   ├── TextTooLongError          write it in several cells
    │   └── RoomReadOnlyError
    ├── KernelError                   a kernel did not do what was asked of it
    │   ├── KernelUnreachableError
    │   ├── KernelBusyError           it runs something else: try again when that has finished
    │   ├── KernelTimeoutError        our own code took too long and was interrupted
    │   └── KernelDiedError           its variables are gone
    ├── JudgingError                  a task's checks could not be carried out
    │   ├── NoAnswerError             the kernel's answer is none to our question
    │   └── BrokenTaskError           the author's part of the task does not work
    ├── SandboxUnavailableError       no sandbox can be had on this machine
    ├── TerminalError
    ├── DeliveryError                 a task's notebook could not be put on the learner's server
    ├── ServiceError                  the LTT Collab service did not do what its client asked
    │   ├── ServiceLostError          the connection broke in the midst of a request
    │   ├── ServiceUnreachableError   is it running, is the URL right?
    │   └── ServiceRefusedError       an answer that no other error stands for
    ├── HubError                      a JupyterHub did not do what was asked of it
    │   ├── HubUnavailableError       try again later; open rooms go on
    │   └── HubRefusedError           the token or its role does not allow it
    ├── DemoError                     the demo cannot go on
    ├── SubscriberTooSlowError        the subscription was ended, events would have been lost
    ├── StaleClaimError               a worker's claim has passed to another: its result does not count
    └── StoreUnavailableError

An error carries its data as attributes; its message is built from them and says what was wrong,
with which value, and what to do.
"""

from __future__ import annotations


class LttError(Exception):
    """Base of every error raised by LTT Collab."""


class UsageError(LttError):
    """The caller asked for something that cannot be."""


class InvalidRoomAddressError(UsageError):
    """The text is not a room address."""

    def __init__(self, text: str) -> None:
        super().__init__(f"not a room address: {text!r}; expected 'format:type:file id', as in 'json:notebook:1f0c…'")
        self.text = text


class InvalidSettingError(UsageError):
    """A setting has a value that cannot be used."""

    def __init__(self, name: str, value: object, remedy: str) -> None:
        super().__init__(f"{name}={value!r} cannot be used: {remedy}")
        self.name, self.value, self.remedy = name, value, remedy


class InvalidNotebookError(UsageError):
    """A file is not a notebook that can be read."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} is not a readable notebook: {reason}")
        self.path, self.reason = path, reason


class UnknownRoomError(UsageError):
    """No open room has that id or path."""

    def __init__(self, room: str) -> None:
        super().__init__(f"no open room {room!r}; GET /api/v1/rooms lists the open ones")
        self.room = room


class UnknownCellError(UsageError):
    """The room has no cell of that id."""

    def __init__(self, cell_id: str) -> None:
        super().__init__(f"no cell {cell_id!r} in this notebook; it may have been deleted: read the snapshot again")
        self.cell_id = cell_id


class ResumePointGoneError(UsageError):
    """The event to resume after is no longer kept."""

    def __init__(self, after: int, oldest: int) -> None:
        super().__init__(f"event {after} is no longer kept (oldest: {oldest}); resume from a new snapshot")
        self.after, self.oldest = after, oldest


class InvalidMessageError(UsageError):
    """A message in our wire format cannot be read."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"not a valid {kind}: {reason}")
        self.kind, self.reason = kind, reason


class InvalidEventError(InvalidMessageError):
    """A message is not an event that this version knows."""

    def __init__(self, reason: str) -> None:
        super().__init__("event", reason)


class NotAuthorizedError(UsageError):
    """The token does not allow this."""

    def __init__(self, what: str) -> None:
        super().__init__(f"not allowed: {what}; send a valid 'Authorization: Bearer <LTT_API_TOKEN>' header")
        self.what = what


class ForbiddenError(UsageError):
    """Whoever asks is known, and may not do this."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"you may not {what}: {reason}")
        self.what, self.reason = what, reason


class RoomError(LttError):
    """One room cannot be joined or kept."""


class RoomUnreachableError(RoomError):
    """The server did not answer; trying again later may help."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"cannot reach {where}: {reason}; trying again later")
        self.where, self.reason = where, reason


class RoomRefusedError(RoomError):
    """The server refused; trying again with the same request will not help."""

    def __init__(self, where: str, status: int, reason: str) -> None:
        super().__init__(f"{where} refused us with {status}: {reason}")
        self.where, self.status, self.reason = where, status, reason


class RoomClosedError(RoomError):
    """An open room ended; ``code`` is the WebSocket close code, None when the connection just broke."""

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"room closed ({'connection lost' if code is None else code}): {reason or 'no reason given'}")
        self.code, self.reason = code, reason


class ProtocolViolationError(RoomError):
    """The other side sent a frame that cannot be read or is over a bound."""

    def __init__(self, what: str) -> None:
        super().__init__(f"protocol violation: {what}")
        self.what = what


class UnsupportedServerError(RoomError):
    """The server's collaboration version is not one that we know; the room is joined read-only."""

    def __init__(self, version: str, supported: str) -> None:
        super().__init__(f"jupyter-collaboration {version} is not supported (supported: {supported}); joined read-only")
        self.version, self.supported = version, supported


class WriteError(LttError):
    """Nothing was written."""


class ConflictError(WriteError):
    """The cell is not what the writer was shown."""

    def __init__(self, cell_id: str, expected_hash: str, actual_hash: str | None) -> None:
        found = "the cell is gone" if actual_hash is None else f"it is now {actual_hash}"
        super().__init__(f"cell {cell_id!r} changed: expected {expected_hash}, {found}; read it again and decide again")
        self.cell_id, self.expected_hash, self.actual_hash = cell_id, expected_hash, actual_hash


class NotOursError(WriteError):
    """The cell belongs to a learner."""

    def __init__(self, cell_id: str) -> None:
        super().__init__(f"cell {cell_id!r} belongs to the learner; propose a change instead of writing into it")
        self.cell_id = cell_id


class NotOurMessageError(WriteError):
    """The chat message is not, or no more, as we wrote it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"chat message {message!r} was written or changed by somebody else; post a new one instead")
        self.message = message


class CellOccupiedError(WriteError):
    """A human's caret is in the cell that we would change; trying again when it has left will do."""

    def __init__(self, cell_id: str) -> None:
        super().__init__(f"somebody's caret is in cell {cell_id!r}; it is left alone until they move on")
        self.cell_id = cell_id


class LeakError(WriteError):
    """The text gives the solution of a task away; what was recognised is not said."""

    def __init__(self) -> None:
        super().__init__("the text gives away the solution of the task; explain on a different example")


class TextTooLongError(WriteError):
    """A text is longer than we write in one piece; it would also hold up everybody while it is looked through."""

    def __init__(self, characters: int, most: int) -> None:
        super().__init__(f"the text has {characters} characters and may have {most}; write it in several cells")
        self.characters, self.most = characters, most


class RoomReadOnlyError(WriteError):
    """We joined this room read-only."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this room is read-only for us: {reason}")
        self.reason = reason


class ServiceError(LttError):
    """The LTT Collab service did not do what its client asked."""


class ServiceLostError(ServiceError):
    """The connection broke after a request was sent: nobody knows whether it was carried out."""

    def __init__(self, url: str, reason: str) -> None:
        remedy = "it may have been carried out: try again with the same idempotency_key, or look first if it had none"
        super().__init__(f"lost the service at {url} in the midst of a request: {reason}; {remedy}")
        self.url, self.reason = url, reason


class ServiceUnreachableError(ServiceError):
    """The service did not answer; ``url`` carries no credentials."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"cannot reach the service at {url}: {reason}; is it running, and is LTT_SERVICE_URL right?")
        self.url, self.reason = url, reason


class ServiceRefusedError(ServiceError):
    """The service answered with an error that no other class stands for."""

    def __init__(self, url: str, status: int, reason: str) -> None:
        super().__init__(f"the service at {url} answered {status}: {reason}")
        self.url, self.status, self.reason = url, status, reason


class HubError(LttError):
    """A JupyterHub did not do what was asked of it."""


class HubUnavailableError(HubError):
    """The hub does not answer, or says that it cannot just now."""

    def __init__(self, url: str, reason: str, retry_after: float | None = None) -> None:
        """``retry_after``: seconds that the hub asked us to wait."""
        super().__init__(f"the hub at {url} cannot be asked: {reason}; it will be tried again, open rooms go on")
        self.url, self.reason, self.retry_after = url, reason, retry_after


class HubRefusedError(HubError):
    """The hub does not accept our token, or its role does not allow what was asked."""

    def __init__(self, url: str, status: int, remedy: str) -> None:
        super().__init__(f"the hub at {url} answered {status}: {remedy}")
        self.url, self.status, self.remedy = url, status, remedy


class SubscriberTooSlowError(LttError):
    """The subscriber did not keep up and was dropped before an event would have been lost silently."""

    def __init__(self, last_seq: int, bound: int) -> None:
        super().__init__(f"more than {bound} events waited; subscription ended, resume after seq {last_seq}")
        self.last_seq, self.bound = last_seq, bound


class DemoError(LttError):
    """Something that the demo shows or needs is not there."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what, self.remedy = what, remedy


class StoreUnavailableError(LttError):
    """The database cannot be read or written now."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"the store cannot {what}: {reason}; it will be tried again")
        self.what, self.reason = what, reason


class StaleClaimError(LttError):
    """The claim on a validation has passed to another worker, or it is finished: this result does not count."""

    def __init__(self, validation: str, fence: int) -> None:
        super().__init__(f"claim {fence} on validation {validation!r} is stale; its result does not count, drop it")
        self.validation, self.fence = validation, fence


class KernelError(LttError):
    """A kernel did not do what was asked of it."""


class KernelUnreachableError(KernelError):
    """No connection to the kernel."""

    def __init__(self, kernel: str, reason: str) -> None:
        super().__init__(f"cannot reach kernel {kernel}: {reason}; is the server up and the kernel still running?")
        self.kernel, self.reason = kernel, reason


class KernelBusyError(KernelError):
    """The kernel runs something else; that is never interrupted for our sake."""

    def __init__(self, kernel: str) -> None:
        super().__init__(f"kernel {kernel} is busy; try again when its code has finished")
        self.kernel = kernel


class KernelTimeoutError(KernelError):
    """Our own code took too long and was interrupted; ``what`` says which."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"{what} took longer than {seconds:g} s and was interrupted")
        self.what, self.seconds = what, seconds


class KernelDiedError(KernelError):
    """The kernel's process ended; all its variables are gone. ``memory``: it hit its memory limit, as far as known."""

    def __init__(self, kernel: str, *, memory: bool = False) -> None:
        super().__init__(f"kernel {kernel} died{' (out of memory)' if memory else ''}; restart it and run from the top")
        self.kernel, self.memory = kernel, memory


class JudgingError(LttError):
    """A task's checks could not be carried out."""


class NoAnswerError(JudgingError):
    """The kernel's answer to a check is not one that our question gives."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the kernel gave no usable answer to a check: {reason}; run the notebook anew")
        self.reason = reason


class BrokenTaskError(JudgingError):
    """The author's part of a task does not work, so that nobody can be judged; ``check``: '' for the reference."""

    def __init__(self, check: str, reason: str) -> None:
        what = f"check {check!r}" if check else "its reference solution"
        super().__init__(f"this task cannot be checked: {what} does not work ({reason}); tell your instructor")
        self.check, self.reason = check, reason


class SandboxUnavailableError(LttError):
    """No sandbox can be had on this machine."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"no sandbox: {reason}; {remedy}")
        self.reason, self.remedy = reason, remedy


class TerminalError(LttError):
    """A terminal did not do what was asked of it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"terminal {name!r}: {reason}")
        self.name, self.reason = name, reason


class BadFilePathError(UsageError):
    """A file for a sandboxed kernel's folder lies outside of it."""

    def __init__(self, path: str) -> None:
        super().__init__(f"file {path!r} would lie outside of the kernel's folder; use a relative path without '..'")
        self.path = path


class CourseError(UsageError):
    """A course cannot be used; ``line`` is 1-based, 0 when there is no line to name."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}{f':{line}' if line else ''}: {reason}")
        self.file, self.line, self.reason = file, line, reason


class UnknownCourseError(UsageError):
    """No published course has that id."""

    def __init__(self, course: str) -> None:
        super().__init__(f"no course {course!r}; GET /api/v1/courses lists the published ones")
        self.course = course


class UnknownTaskError(UsageError):
    """The course has no task of that id."""

    def __init__(self, course: str, task: str) -> None:
        super().__init__(f"course {course!r} has no task {task!r}; 'ltt course show' lists its tasks")
        self.course, self.task = course, task


class UnknownValidationError(UsageError):
    """No validation has that id."""

    def __init__(self, validation: str) -> None:
        super().__init__(f"no validation {validation!r}")
        self.validation = validation


class UnknownSubmissionError(UsageError):
    """No submission has that id."""

    def __init__(self, submission: str) -> None:
        super().__init__(f"no submission {submission!r}")
        self.submission = submission


class UnknownSuggestionError(UsageError):
    """No suggestion of that id waits for anybody."""

    def __init__(self, suggestion: str) -> None:
        super().__init__(
            f"no suggestion {suggestion!r} waits for approval; it was decided, or what it was about changed"
        )
        self.suggestion = suggestion


class UnknownTokenError(UsageError):
    """No issued token has that id, or it was revoked before."""

    def __init__(self, token: str) -> None:
        super().__init__(f"no token with id {token!r} that is still good; GET /api/v1/tokens lists them")
        self.token = token


class NotWorkingOnItError(UsageError):
    """The learner has no open notebook of that task; ``path``: the one that was named, and is none of it."""

    def __init__(self, learner: str, task: str, path: str = "") -> None:
        said = f"{learner!r} has no open notebook of task {task!r}; start the task and open it first"
        if path:
            said = f"{path} is no notebook in which {learner!r} works on task {task!r}; name the one that is"
        super().__init__(said)
        self.learner, self.task, self.path = learner, task, path


class DeliveryError(LttError):
    """A task's notebook could not be put on the learner's server."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"cannot deliver {path}: {reason}; nothing was changed")
        self.path, self.reason = path, reason
