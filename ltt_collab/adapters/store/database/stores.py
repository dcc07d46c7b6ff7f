"""Every store on one database."""

from __future__ import annotations

from ltt_collab.adapters.store.database.audit import SqlAudit
from ltt_collab.adapters.store.database.connection import Database
from ltt_collab.adapters.store.database.courses import SqlCourses, SqlEnrolments
from ltt_collab.adapters.store.database.events import SqlEvents
from ltt_collab.adapters.store.database.hints import SqlHints
from ltt_collab.adapters.store.database.journal import Journal
from ltt_collab.adapters.store.database.personal import SqlPersonalData
from ltt_collab.adapters.store.database.progress import SqlProgress
from ltt_collab.adapters.store.database.rooms import SqlRooms
from ltt_collab.adapters.store.database.steers import SqlSteers
from ltt_collab.adapters.store.database.submissions import SqlSubmissions
from ltt_collab.adapters.store.database.suggestions import SqlFeedback, SqlSuggestions
from ltt_collab.adapters.store.database.tokens import SqlTokens
from ltt_collab.adapters.store.database.validations import SqlValidations
from ltt_collab.adapters.store.database.wishes import SqlWishes
from ltt_collab.adapters.store.stores import Stores


def sql_stores(database: Database, journal: Journal) -> Stores:
    """Every store on one database."""
    return Stores(
        wishes=SqlWishes(database, journal),
        suggestions=SqlSuggestions(database, journal),
        events=SqlEvents(database, journal),
        rooms=SqlRooms(database, journal),
        courses=SqlCourses(database),
        enrolments=SqlEnrolments(database, journal),
        progress=SqlProgress(database, journal),
        submissions=SqlSubmissions(database, journal),
        validations=SqlValidations(database, journal),
        feedback=SqlFeedback(database, journal),
        audit=SqlAudit(database, journal),
        personal=SqlPersonalData(database),
        tokens=SqlTokens(database),
        steers=SqlSteers(database),
        hints=SqlHints(database),
        upkeep=journal,
    )
