"""One CRDT document that can sleep: applies what others send, hands on what we write."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from pycrdt import Array, Decoder, Doc, Map, TransactionEvent, merge_updates

from ltt_collab.documents.intake import Intake
from ltt_collab.model.errors import ProtocolViolationError
from ltt_collab.model.ids import ClientId

REMOTE = "ltt:remote"
"""Origin of transactions that apply what others sent."""

OURS = "ltt:writer"
"""Origin of transactions in which the writer changes the document; the decoder drops them."""

DISK_CLIENT = ClientId(0)
"""The client under which jupyter-collaboration loads a file from disk."""

EMPTY_UPDATE = b"\x00\x00"
"""An update with no structs and no deletions."""

EMPTY_STATE = b"\x00"
"""The state vector of a peer that has nothing."""

SLEEP_COMPRESSION = 1
"""zlib level of a sleeping state: level 1 gives most of the saving at a fraction of the time."""


class ReplicaObserver(Protocol):
    """Follows one replica; every method is called on the event loop and must not block.

    ``attached`` comes before anything else and again after each ``detached``; subscriptions on the document's
    types are made in the one and dropped in the other, or the document is never freed.
    """

    def attached(self, doc: Doc[Any]) -> None:
        """The document is in memory now, with all that it held before."""
        ...

    def detached(self) -> None:
        """The document is about to be dropped."""
        ...

    def before_apply(self, update: bytes) -> None:
        """An update of others will be applied next."""
        ...

    def after_apply(self) -> None:
        """That update was applied, the events of its transaction are delivered."""
        ...

    def local_write(self) -> None:
        """A transaction of our writer was committed, its events are delivered."""
        ...


class Witness(Protocol):
    """Sees every update of one replica."""

    def received(self, update: bytes) -> None:
        """Others wrote; it is in the document."""
        ...

    def written(self, update: bytes) -> None:
        """We wrote; must not write itself."""
        ...


def is_panic(error: BaseException) -> bool:
    """Whether an error is a Rust panic: pycrdt raises those past ``except Exception``, and exports no name for them."""
    return type(error).__module__ == "pyo3_runtime"


class Replica:
    """Our copy of one shared document.

    Invariants:
        1. The client id stays the same from birth to end, asleep or awake.
        2. Whoever reads or writes finds the document awake; sleeping loses nothing.
        3. Each committed local write is handed to ``on_local_update`` exactly once, also when its body raised:
           what is in our document must reach the others, or they and we differ for ever.
        4. Remote traffic pays for no subscription of ours.
    """

    __slots__ = ("_asleep", "_doc", "_intake", "_is_written", "_observer", "_on_local_update", "_revision",
                 "_witnesses", "client_id")  # fmt: skip

    def __init__(
        self,
        *,
        on_local_update: Callable[[bytes], None],
        observer: ReplicaObserver | None = None,
        client_id: ClientId | None = None,
    ) -> None:
        self._on_local_update = on_local_update
        self._observer = observer
        self._asleep: bytes | None = None
        self._doc: Doc[Any] | None = None
        self._intake: Intake | None = None
        self._witnesses: list[Witness] = []
        self._revision = 0
        self._is_written = False
        doc: Doc[Any] = Doc(client_id=client_id)
        self.client_id = ClientId(doc.client_id)
        self._attach(doc)

    @property
    def doc(self) -> Doc[Any]:
        """The document, woken if it slept; do not keep it across an await."""
        return self._doc if self._doc is not None else self._wake().doc

    @property
    def cells(self) -> Array[Any]:
        """The notebook's cells, in order."""
        root: Array[Any] = self.doc.get("cells", type=Array)
        return root

    @property
    def meta(self) -> Map[Any]:
        """The notebook's own metadata and format version."""
        root: Map[Any] = self.doc.get("meta", type=Map)
        return root

    @property
    def status(self) -> Map[Any]:
        """The room server's view of the document: path, dirty, hash."""
        root: Map[Any] = self.doc.get("state", type=Map)
        return root

    @property
    def revision(self) -> int:
        """A number that is another one whenever the document may be another; within ``writing`` at each look."""
        if self._is_written:
            self._revision += 1
        return self._revision

    @property
    def is_asleep(self) -> bool:
        """Whether the document is dropped, only its bytes kept."""
        return self._doc is None

    def state(self) -> bytes:
        """The state vector: what we have of each client."""
        return self.doc.get_state()

    def clocks(self) -> dict[ClientId, int]:
        """The state vector as numbers: how many clock ticks we have of each client."""
        decoder = Decoder(self.state())
        count = decoder.read_var_uint()
        return {ClientId(decoder.read_var_uint()): decoder.read_var_uint() for _ in range(count)}

    def diff(self, state: bytes) -> bytes:
        """The update that brings a peer at that state vector up to ours.

        Raises:
            ProtocolViolationError: the state vector cannot be read.
        """
        doc = self.doc
        with _violations("a state vector"):
            return doc.get_update(state)

    def apply(self, update: bytes) -> None:
        """Take in what others wrote.

        Raises:
            ProtocolViolationError: the update cannot be read, or an observer failed over it. The document may have
                taken in a part: leave the room and join it anew.
        """
        intake = self._intake or self._wake()
        observer = self._observer
        self._revision += 1
        try:
            if observer is not None:
                observer.before_apply(update)
            intake.take(update)
            if observer is not None:
                observer.after_apply()
            if self._witnesses:
                for witness in tuple(self._witnesses):
                    witness.received(update)
        except BaseException as error:  # noqa: BLE001 - a ``with`` would cost each keystroke a microsecond
            _raise_violation("an update", error)

    def add_witness(self, witness: Witness) -> None:
        """Hand every update to ``witness`` too, right after it was applied or written; sleep ends that."""
        self._witnesses.append(witness)

    def remove_witness(self, witness: Witness) -> None:
        """Stop that."""
        if witness in self._witnesses:
            self._witnesses.remove(witness)

    @contextmanager
    def writing(self) -> Generator[Doc[Any]]:
        """Change the document in one transaction of ours; others receive exactly what changed.

        There is no rollback: check every precondition before the first change.
        """
        doc = self.doc
        updates: list[bytes] = []

        def collect(event: TransactionEvent) -> None:
            updates.append(event.update)

        subscription = doc.observe(collect)
        self._is_written = True
        try:
            with doc.transaction(origin=OURS):
                yield doc
        finally:
            self._is_written = False
            self._revision += 1
            doc.unobserve(subscription)
            self._hand_over(updates)

    def _hand_over(self, updates: list[bytes]) -> None:
        changed = [update for update in updates if update != EMPTY_UPDATE]
        if not changed:
            return
        update = changed[0] if len(changed) == 1 else merge_updates(*changed)
        self._on_local_update(update)
        for witness in tuple(self._witnesses):
            witness.written(update)
        if self._observer is not None:
            self._observer.local_write()

    def has_hole(self) -> bool:
        """Whether the history lacks its beginning: a client is known of which we have nothing.

        Seen after sync in rooms that a stock YStore has poisoned (the server's first write was never stored): Yjs
        parks what lies behind the hole, browsers then miss text that we and the disk have. y-crdt #632.
        """
        return 0 in self.clocks().values()

    def hibernate(self) -> None:
        """Drop the document and keep its bytes; the next use wakes it. Does nothing when asleep."""
        doc = self._doc
        if doc is None:
            return
        self._asleep = zlib.compress(doc.get_update(), SLEEP_COMPRESSION)
        self._detach()

    def close(self) -> None:
        """Let go of the document for good."""
        if self._doc is not None:
            self._detach()
        self._asleep = zlib.compress(EMPTY_UPDATE)

    def _wake(self) -> Intake:
        doc: Doc[Any] = Doc(client_id=self.client_id)
        if self._asleep is not None:
            with doc.transaction(origin=REMOTE):
                doc.apply_update(zlib.decompress(self._asleep))
            self._asleep = None
        return self._attach(doc)

    def _attach(self, doc: Doc[Any]) -> Intake:
        self._doc = doc
        intake = self._intake = Intake(doc, REMOTE)
        if self._observer is not None:
            self._observer.attached(doc)
        return intake

    def _detach(self) -> None:
        if self._observer is not None:
            self._observer.detached()
        self._witnesses.clear()
        self._doc = self._intake = None


@contextmanager
def _violations(what: str) -> Generator[None]:
    """Turn whatever pycrdt raises over foreign bytes into our error."""
    try:
        yield
    except BaseException as error:  # noqa: BLE001 - what is none of pycrdt's is raised again
        _raise_violation(what, error)


def _raise_violation(what: str, error: BaseException) -> NoReturn:
    match error:
        case ValueError() | RuntimeError() | OverflowError() | TypeError():
            raise ProtocolViolationError(f"{what} that cannot be read: {error}") from error
        case ExceptionGroup():
            failed = f"{what} over which an observer failed: {error.exceptions[0]!r}"
            raise ProtocolViolationError(failed) from error
        case _ if is_panic(error):
            raise ProtocolViolationError(f"{what} over which the CRDT library panicked: {error}") from error
        case _:
            raise error
