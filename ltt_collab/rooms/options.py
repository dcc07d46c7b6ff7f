"""How one room is joined."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ltt_collab.model.ids import ClientId, Username
from ltt_collab.rooms.awareness import AwarenessBounds
from ltt_collab.rooms.local_state import document_state
from ltt_collab.rooms.presence import Describe, Resolve, nowhere
from ltt_collab.rooms.protocol import DEFAULT_FRAME_CAP


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderOptions:
    """What the provider of a room is told.

    ``former``: client ids that were ours on lost connections. ``farewells``: the goodbyes that these could not say.
    ``owner``: whom every human in it is taken for; None: they are who they say.
    """

    read_only: bool = False
    frame_cap: int = DEFAULT_FRAME_CAP
    former: Collection[ClientId] = ()
    farewells: Collection[bytes] = ()
    resolve: Resolve = nowhere
    describe: Describe = document_state
    bounds: AwarenessBounds | None = None
    owner: Username | None = None
