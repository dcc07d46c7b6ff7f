"""The revisions, one after the other, by Alembic: imported only where a database needs them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


@cache
def revisions() -> ScriptDirectory:
    """The revisions of this package, all read in: a blocking act of some 10 ms, once a process."""
    config = Config()
    here = Path(__file__).parent
    config.set_main_option("script_location", str(here).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    list(script.walk_revisions())
    return script


def run_revisions(connection: Connection, script: ScriptDirectory, to: str) -> None:
    """Run those between the database's and ``to``."""

    def steps(revision: Any, _: MigrationContext) -> list[RevisionStep]:
        return script._upgrade_revs(to, revision)  # as Alembic's own ``command.upgrade`` does

    with EnvironmentContext(Config(), script, fn=steps, destination_rev=to) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
