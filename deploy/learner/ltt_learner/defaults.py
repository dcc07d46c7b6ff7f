"""What the extension configures in other extensions, unless somebody already did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from traitlets.config import Config

from ltt_learner.places import Places

STORES = ("BaseYStore", "SQLiteYStore", "LearnerYStore")
ID_MANAGERS = ("BaseFileIdManager", "ArbitraryFileIdManager", "LocalFileIdManager")


def unless_configured(configs: Iterable[Config], places: Places) -> Config:
    """Our choices, without those for which one of ``configs`` (command line, files) has another."""
    known = list(configs)
    ours = Config()
    if not chosen(known, ("YDocExtension",), "ystore_class"):
        ours.YDocExtension.ystore_class = "ltt_learner.store.LearnerYStore"
    if not chosen(known, ("YDocExtension",), "session_store_path"):
        # With the histories: a session that outlived them would let an old Doc into a room that was rebuilt.
        ours.YDocExtension.session_store_path = str(places.sessions)
    if not chosen(known, STORES, "db_path"):
        ours.LearnerYStore.db_path = str(places.history)
    if not chosen(known, ID_MANAGERS, "db_path"):
        ours.BaseFileIdManager.db_path = str(places.file_ids)
    return ours


def chosen(configs: Iterable[Config], classes: Iterable[str], trait: str) -> Any:
    """What somebody configured for a trait, the most special class first; None where nobody did."""
    for config in configs:
        for name in reversed(list(classes)):
            if name in config and trait in config[name]:
                return config[name][trait]
    return None
