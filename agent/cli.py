"""``ltt-agent``: the tutor as a process of its own, talking to a running service."""

from __future__ import annotations

import logging
import signal
import sys
from importlib.metadata import entry_points
from typing import Annotated

import anyio
import structlog
import typer
from pydantic import SecretStr

from ltt_collab.client import HttpClient, run_tutor
from ltt_collab.model.errors import LttError, UsageError
from ltt_collab.ports.tutor import TUTOR_GROUP, Tutor, TutorConfig

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


@app.command()
def agent(
    token: Annotated[
        str, typer.Option(envvar="LTT_API_TOKEN", show_envvar=True, help="The service's API token.", metavar="T")
    ],
    service: Annotated[
        str, typer.Option(envvar="LTT_SERVICE_URL", help="Where the service is, base path included.", metavar="URL")
    ] = "http://127.0.0.1:8700/",
    tutor: Annotated[str, typer.Option(help=f"Which installed tutor (entry points `{TUTOR_GROUP}`).")] = "rules",
    model: Annotated[str, typer.Option(envvar="LTT_MODEL", help="The tutor's language model; empty: rules only.")] = "",
    memory: Annotated[
        str, typer.Option(envvar="LTT_DATABASE_URL", help="The database beside which its memory is kept; empty: none.")
    ] = "",
) -> None:
    """Help learners in every room of a running LTT Collab service, until interrupted."""
    _log_to_stderr()
    try:
        config = TutorConfig(model=model, checkpoint_url=memory)
        error = _run(service, SecretStr(token), create_tutor(tutor, config))
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    except LttError as refused:
        error = refused
    if error is not None:
        typer.echo(f"ltt-agent: {error}", err=True)
        raise typer.Exit(WRONG_USE if isinstance(error, UsageError) else FAILED)


def create_tutor(name: str, config: TutorConfig) -> Tutor:
    """An installed tutor.

    Raises:
        typer.BadParameter: none of that name is installed; the message lists those that are.
    """
    known = {entry.name: entry for entry in entry_points(group=TUTOR_GROUP)}
    if name not in known:
        installed = ", ".join(sorted(known)) or "none"
        raise typer.BadParameter(f"no tutor {name!r} is installed (installed: {installed})", param_hint="--tutor")
    created: Tutor = known[name].load()(config)
    return created


def _run(service: str, token: SecretStr, tutor: Tutor) -> LttError | None:
    """Work until interrupted; the error of ours that ended it, if one did."""
    try:
        anyio.run(_work, service, token, tutor)
    except LttError as error:
        return error
    except BaseExceptionGroup as errors:
        ours, others = errors.split(LttError)
        if others is not None or ours is None:
            raise
        first: BaseException = ours
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        return first if isinstance(first, LttError) else None
    return None


async def _work(service: str, token: SecretStr, tutor: Tutor) -> None:
    """Help until SIGINT or SIGTERM.

    Raises:
        KeyboardInterrupt: one of them came.
        LttError
    """
    interrupted = False

    async def help_learners() -> None:
        async with HttpClient(service, token) as client:
            rooms = await client.rooms()
            structlog.get_logger(__name__).info("agent at work", service=service, rooms=len(rooms))
            await run_tutor(client, tutor)
        tasks.cancel_scope.cancel()

    # Received here and not left to the loop, which may find itself in the midst of anything.
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(help_learners, name="tutor")
            async for _ in signals:
                interrupted = True
                tasks.cancel_scope.cancel()
    if interrupted:
        raise KeyboardInterrupt


def _log_to_stderr() -> None:
    # Not the service's log set-up: an agent knows only the client, the ports and the model.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
