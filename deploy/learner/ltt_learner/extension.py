"""The server extension: links our choices in, serves what they are, and hooks the two things nobody configures."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, cast

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from tornado.util import TimeoutError  # noqa: A004 - IOLoop.run_sync raises this one
from traitlets import Bool, Unicode
from traitlets.config import Config

from ltt_learner import __version__
from ltt_learner.announcement import announce
from ltt_learner.database import Database, is_broken, move_aside
from ltt_learner.defaults import ID_MANAGERS, STORES, chosen, unless_configured
from ltt_learner.disk import disk_takes_more
from ltt_learner.farewell import Farewell, heed_interrupt
from ltt_learner.handlers import TellingHandler, installed_versions, open_rooms
from ltt_learner.places import Places, filesystem_of, is_local, prepare
from ltt_learner.recovery import Recovery
from ltt_learner.sockets import PromptSockets
from ltt_learner.store import LearnerYStore
from ltt_learner.texts import room_texts

RECOVERY = 20.0
"""Seconds a start may take longer for recovery: about 5 ms per document that a killed server had open."""


class LearnerExtension(ExtensionApp):
    """Keeps a learner's text whole and the server prompt.

    Invariants:
        1. A choice made on the command line or in a configuration file wins over ours.
        2. A place that cannot be prepared costs only the gain: the server starts with what it had.
    """

    name = "ltt_learner"
    app_name = "LTT learner"
    description = "A gap-free history, prompt sockets and a clean goodbye for a learner's Jupyter server."

    state_dir = Unicode(
        "",
        config=True,
        help="Where the databases of this and other root directories lie. Local disk; default: the Jupyter data"
        " directory, or the temporary directory where that is on a network.",
    )
    nodelay = Bool(True, config=True, help="Send small frames at once on the server's sockets.")
    recover = Bool(True, config=True, help="At the start, save text that a killed server had no time to save.")
    announce_url = Unicode(
        os.environ.get("LTT_ANNOUNCE_URL", ""),  # noqa: TID251 - a spawner configures environments best
        config=True,
        help="Where the tutor's service is told that this server has come up, authenticated by the token that a"
        " JupyterHub gave the server. Default: LTT_ANNOUNCE_URL; empty: nobody is told.",
    )
    clean_stop = Bool(True, config=True, help="Save documents and close rooms before the server stops.")

    sockets: PromptSockets
    places: Places | None
    announcing: asyncio.Task[None] | None = None

    def _link_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        super()._link_jupyter_server_extension(serverapp)
        self.sockets = PromptSockets()
        self.places = self._prepare_places(serverapp)
        if self.places is not None:
            self._choose(serverapp, self.places)

    def _prepare_places(self, serverapp: ServerApp) -> Places | None:
        chosen_dir = Path(self.state_dir).expanduser() if self.state_dir else None
        try:
            places = prepare(Path(serverapp.root_dir), Path(jupyter_data_dir()), chosen_dir)
            self._discard_broken(places)
        except OSError as error:
            self.log.warning("No place for our databases (%s): the server's own stay in use", error)
            return None
        return places

    def _discard_broken(self, places: Places) -> None:
        """Let no broken file reach an extension that would fail on it, and no session survive its history."""
        for database in (places.file_ids, places.history):
            if is_broken(database):
                self.log.warning("%s cannot be read: kept as %s, starting anew", database, move_aside(database))
                places.sessions.unlink(missing_ok=True)

    def _choose(self, serverapp: ServerApp, places: Places) -> None:
        apps = [app for found in serverapp.extension_manager.extension_apps.values() for app in found]
        known = [serverapp.config, *(app.config for app in apps)]
        ours = unless_configured(known, places)
        merged = Config()
        merged.merge(serverapp.config)
        merged.merge(ours)
        LearnerYStore.default_db_path = str(chosen([merged, *known], STORES, "db_path"))
        # Both: the extensions linked so far have copied the server's configuration, the others will.
        serverapp.update_config(ours)
        for app in apps:
            app.update_config(ours)

    def initialize(self) -> None:  # type: ignore[override]  # as ExtensionApp itself does
        """Load the extension; bring files up to their histories before anybody can open a room."""
        super().initialize()  # type: ignore[no-untyped-call]
        ydoc = self.ydoc()
        if not self.recover or ydoc is None or not issubclass(ydoc.ystore_class, LearnerYStore):
            return
        if asyncio._get_running_loop() is not None:
            # An embedded server: rooms may be open already, and then the file has won.
            self.log.info("Loaded in a running loop: no look for text that a killed server left unsaved")
            return
        assert self.serverapp is not None
        try:
            self.serverapp.io_loop.run_sync(self._recovery, timeout=RECOVERY)
        except TimeoutError:
            self.log.warning("The look for unsaved text took longer than %s s and was left", RECOVERY)

    async def _recovery(self) -> None:
        assert self.serverapp is not None
        database = Database.at(Path(LearnerYStore.default_db_path), self.log)
        file_ids = self.serverapp.web_app.settings["file_id_manager"]
        await Recovery(database, self.serverapp.contents_manager, file_ids, self.log).run()

    def initialize_handlers(self) -> None:
        """Serve the description, and which documents are open."""
        self.handlers.append((r"/api/ltt/learner", TellingHandler, {"tell": self.describe}))
        self.handlers.append((r"/api/ltt/rooms", TellingHandler, {"tell": self.open_rooms}))
        self.handlers.append((r"/api/ltt/texts", TellingHandler, {"tell": self.texts}))
        self.handlers.append((r"/api/ltt/disk", TellingHandler, {"tell": self.disk}))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        if self.nodelay:
            self.sockets.watch(cast("Any", serverapp.http_server))
        ydoc = self.ydoc()
        if ydoc is not None:
            Farewell(ydoc, self.sockets, self.log).install(say_goodbye=self.clean_stop)
        if self.clean_stop:
            heed_interrupt(serverapp)
        if self.announce_url:
            # The extension is the task's parent: it ends it when it is stopped.
            telling = announce(self.announce_url, self.log)
            self.announcing = asyncio.create_task(telling, name="announcement")  # noqa: TID251

    async def stop_extension(self) -> None:
        """Stop announcing, if that has not been done yet."""
        if self.announcing is not None:
            self.announcing.cancel()

    def ydoc(self) -> Any:
        """The collaboration extension of this server; None where there is none."""
        assert self.serverapp is not None
        apps = self.serverapp.extension_manager.extension_apps.get("jupyter_server_ydoc", set())
        return next(iter(apps), None)

    def open_rooms(self) -> dict[str, Any]:
        """Which documents somebody has open just now."""
        ydoc = self.ydoc()
        if ydoc is None:
            return {"rooms": []}
        assert self.serverapp is not None
        file_ids = self.serverapp.web_app.settings["file_id_manager"]
        return open_rooms(ydoc.ywebsocket_server.rooms, file_ids.get_path)

    def texts(self) -> dict[str, Any]:
        """Fingerprints of what learners wrote in the notebooks that are open."""
        ydoc = self.ydoc()
        if ydoc is None:
            return {"texts": {}}
        assert self.serverapp is not None
        file_ids = self.serverapp.web_app.settings["file_id_manager"]
        return room_texts(ydoc.ywebsocket_server.rooms, file_ids.get_path)

    async def disk(self) -> dict[str, Any]:
        """Whether the learner's disk takes more."""
        assert self.serverapp is not None
        return await disk_takes_more(Path(self.serverapp.root_dir))

    def describe(self) -> dict[str, Any]:
        """What is active, in JSON's types. No text, no names of documents."""
        ydoc = self.ydoc()
        return {
            "version": __version__,
            "ystore": None if ydoc is None else self._describe_store(ydoc.ystore_class),
            "nodelay": self.sockets.installed,
            "clean_stop": self.clean_stop and ydoc is not None,
            "cleanup_delay": None if ydoc is None else ydoc.document_cleanup_delay,
            "places": self._describe_places(),
            "rooms": 0 if ydoc is None else len(ydoc.ywebsocket_server.rooms),
            "connections": self.sockets.accepted,
            "versions": installed_versions(),
        }

    @staticmethod
    def _describe_store(store: type[Any]) -> dict[str, Any]:
        safe = issubclass(store, LearnerYStore)
        described: dict[str, Any] = {"class": f"{store.__module__}.{store.__qualname__}", "gap_free": safe}
        if safe and LearnerYStore.default_db_path:
            database = Database.at(Path(LearnerYStore.default_db_path))
            tally = database.tally
            described |= {name: getattr(tally, name) for name in tally.__slots__}
            described["bytes"] = database.path.stat().st_size if database.path.exists() else 0
        return described

    def _describe_places(self) -> dict[str, Any] | None:
        if self.places is None:
            return None
        assert self.serverapp is not None
        history = LearnerYStore.default_db_path
        filesystem = filesystem_of(Path(history))
        return {
            "directory": str(self.places.directory),
            "filesystem": filesystem,
            "local": is_local(filesystem),
            "history": history,
            "file_ids": str(chosen([self.serverapp.config], ID_MANAGERS, "db_path") or ""),
        }
