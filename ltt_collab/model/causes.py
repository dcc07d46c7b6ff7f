"""Names for what went wrong, the same as long as the problem is the same."""

from __future__ import annotations

import hashlib
import re

from ltt_collab.model.edits import RunError
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import Author
from ltt_collab.model.validations import Verdict

_DIGEST_BYTES = 6
_VALUE_LIMIT = 2_000
"""Characters of an error's value that count: enough to tell two apart, cheap for a printed data frame."""

_LOCATION = re.compile(r"\((?:<[^>]*>|[^()]*\.py), line \d+\)")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?!\w)")


def learner_key(author: Author) -> str:
    """The same for every tab of one person; an author without a name is told apart by client."""
    return author.username if author.username is not None else f"client-{author.client}"


def normalised_value(value: str) -> str:
    """An error's value without what an edit elsewhere in the cell changes: places, addresses, numbers, spaces."""
    value = _LOCATION.sub("", value[:_VALUE_LIMIT])
    value = _NUMBER.sub("#", _ADDRESS.sub("0x", value))
    return " ".join(value.split())


def problem_key(cell_id: CellId, error: RunError | None) -> str:
    """Names a problem: the cell, the error's name, a digest of its normalised value (no learner text)."""
    if error is None:
        return f"{cell_id}/unknown error"
    digest = hashlib.blake2b(normalised_value(error.value).encode(errors="replace"), digest_size=_DIGEST_BYTES)
    return f"{cell_id}/{error.name}/{digest.hexdigest()}"


def cause_key(author: Author, cell_id: CellId, error: RunError | None) -> str:
    """Names one learner's problem, the unit of the hint ladder and of a dismissal."""
    return f"{learner_key(author)}/{problem_key(cell_id, error)}"


def is_about(key: str, cell_id: CellId, error: RunError | None) -> bool:
    """Whether a cause, whoever's it is, is this problem."""
    return key.endswith(f"/{problem_key(cell_id, error)}")


_CHECK = "/check/"


def check_key(author: Author, cell_id: CellId, check: str) -> str:
    """Names one learner's trouble with one check of a task; it outlives runs that end well."""
    digest = hashlib.blake2b(check.encode(errors="replace"), digest_size=_DIGEST_BYTES).hexdigest()
    return f"{learner_key(author)}/{cell_id}{_CHECK}{digest}"


def passed_keys(author: Author, cell_id: CellId, verdict: Verdict) -> frozenset[str]:
    """The causes that a verdict ends: one for each check that passed."""
    return frozenset(
        check_key(author, cell_id, f"{verdict.task}/{check.name}") for check in verdict.checks if check.passed
    )


_QUESTION = "/asked"
_LONG_RUN = "/long run"


def long_run_key(author: Author, cell_id: CellId) -> str:
    """Names one learner's run that does not end."""
    return f"{learner_key(author)}/{cell_id}{_LONG_RUN}"


def is_long_run_key(key: str) -> bool:
    """Whether a cause is a run that does not end: over however it ends."""
    return key.endswith(_LONG_RUN)


def question_key(author: Author, cell_id: CellId) -> str:
    """Names what a learner asks about a cell that raises no error."""
    return f"{learner_key(author)}/{cell_id}{_QUESTION}"


def is_question_key(key: str) -> bool:
    """Whether a cause is a question: its answer is true whatever the cell does."""
    return key.endswith(_QUESTION)


def is_check_key(key: str) -> bool:
    """Whether a cause is a check that fails."""
    return _CHECK in key
