"""Puts the routes together into one app."""

from __future__ import annotations

from functools import partial

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.middleware import Middleware

from ltt_collab import __version__
from ltt_collab.access.desk import Desk
from ltt_collab.access.gatekeeper import Gatekeeper
from ltt_collab.access.school import School
from ltt_collab.api import courses, health, learners, operations, publishing, rooms, servers, steering, validations
from ltt_collab.api import insight as insight_routes
from ltt_collab.api.door import PREFIX, Door
from ltt_collab.api.middleware import BearerAuth, BodyLimit, Boundary, HeadAsGet, SecurityHeaders
from ltt_collab.api.openapi import complete_openapi
from ltt_collab.api.problems import install_problem_handlers

# Only for the OpenAPI document: the middleware holds the door, so that a forgotten dependency opens nothing.
_BEARER = Depends(HTTPBearer(auto_error=False, scheme_name="bearer", description="The value of `LTT_API_TOKEN`."))


def create_app(
    door: Door, *, gatekeeper: Gatekeeper, school: School | None = None, desk: Desk | None = None
) -> FastAPI:
    """The HTTP door to the rooms. It has no lifespan of its own: run it with ``api.server.serve``.

    ``school`` None: there are rooms, and no courses. ``desk`` None: nobody steers the AI.
    """
    app = FastAPI(
        title="LTT Collab",
        version=__version__,
        description="Follow learners' notebooks as they are edited, and propose suggestions.",
        openapi_url=f"{PREFIX}/openapi.json",
        # Both pages load scripts from a CDN, which our content security policy forbids.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(HeadAsGet),
            Middleware(Boundary),
            Middleware(BearerAuth, gatekeeper=gatekeeper),
            Middleware(BodyLimit),
        ],
    )
    app.state.door = door
    install_problem_handlers(app)
    app.include_router(rooms.router, dependencies=[_BEARER])
    app.include_router(insight_routes.router, dependencies=[_BEARER])
    app.include_router(learners.router, dependencies=[_BEARER])
    app.include_router(servers.router, dependencies=[_BEARER])
    if school is not None:
        app.state.school = school
        for router in (courses.router, publishing.router, validations.router, operations.router):
            app.include_router(router, dependencies=[_BEARER])
    if desk is not None:
        app.state.desk = desk
        app.include_router(steering.router, dependencies=[_BEARER])
    app.include_router(health.router)
    app.include_router(health.metrics_router)
    app.openapi = partial(complete_openapi, app)  # type: ignore[method-assign] # FastAPI's documented way
    return app
