"""``ltt serve``."""

from __future__ import annotations

from typing import Annotated

import typer

from ltt_collab.command_line import run_fast
from ltt_collab.service import RunningService, run
from ltt_collab.settings import Settings
from ltt_collab.telemetry.logging import configure_logging
from ltt_collab.web.hub_login import HubLogin


def serve(
    jupyter_url: Annotated[str | None, typer.Option(help="The Jupyter server (LTT_JUPYTER_URL).")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (LTT_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one (LTT_PORT).")] = None,
) -> None:
    """Join the notebooks of a Jupyter server and help, until interrupted."""
    settings = Settings.read(jupyter_url=jupyter_url, host=host, port=port)
    secrets = [settings.jupyter_token, settings.api_token, settings.hub_token]
    configure_logging(settings.log_format, settings.log_level, secrets=secrets)
    run_fast(run, settings, _announce)


def _announce(service: RunningService) -> None:
    typer.echo(f"LTT Collab serves {service.url}", err=True)
    # Secrets, if only for a quarter of an hour: to stdout, as the token.
    typer.echo(f"Instructor's wall, once: {service.reception.instructor_link(service.url)}")
    if isinstance(service.reception.login, HubLogin):
        ours = service.reception.login.places.ours
        typer.echo(f"People log in through the hub: {ours}wall and {ours}learn", err=True)
    else:
        typer.echo(f"Learner's workspace, once: {service.reception.learner_link(service.url)}")
    if service.generated:
        # Printed once, and to stdout only: it is a secret, and logs are kept.
        typer.echo(f"LTT_API_TOKEN={service.api_token.get_secret_value()}")
