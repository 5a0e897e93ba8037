"""`tuneward api`, `worker`, `migrate`, `simulator`: one process each, settings from the environment."""

import contextlib
import os
import signal
import sys
from typing import Annotated, Any

import typer

from cli.database import keys_or_exit, settings_or_exit

# Seconds a database may be away when `migrate` starts.
_DATABASE_PATIENCE = 60.0
PASS_ARGUMENTS_ON: dict[str, Any] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "add_help_option": False,
}


def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the HTTP API."""
    # While it starts; and uvicorn, which shuts down in good order, raises the signal once more in the end.
    _end_well_on_sigterm()
    from api.main import create_app, server_config
    from api.serving.server import Server

    keys_or_exit()
    settings = settings_or_exit()
    server = Server(server_config(create_app(settings), settings, host=host, port=port))
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C ends it as SIGTERM does
        server.run()
    if not server.started:
        raise typer.Exit(3)


def worker() -> None:
    """Move jobs along and deliver webhooks."""
    _end_well_on_sigterm()  # while it starts
    from worker.main import run

    keys_or_exit()
    run()


def _end_well_on_sigterm() -> None:
    """Let the signal mean an exit with 0, and at once, not a death by it."""
    from leaving import leave

    signal.signal(signal.SIGTERM, lambda *_: leave())


def migrate() -> None:
    """Bring the database to the newest schema; make the key that encrypts secrets if there is none."""
    from config.secret_keys import make_secret_keys
    from migrations.upgrade import upgrade_to_head

    settings = settings_or_exit()
    upgrade_to_head(settings.database_url.get_secret_value(), patience=_DATABASE_PATIENCE)
    print("The database is at the newest schema.")
    made = make_secret_keys(settings)
    if made is not None:
        print(f"Made the key that encrypts stored secrets: {made}. Keep a copy of it.")


def simulator(context: typer.Context) -> None:
    """Serve the stand-in platform alone; its own flags follow (--help lists them)."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", "simulator", *context.args])  # noqa: S606 - no shell
