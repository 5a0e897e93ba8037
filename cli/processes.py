"""`tuneward api`, `worker`, `migrate`, `simulator`: one process each, settings from the environment."""

import os
import signal
import sys
from typing import Annotated, Any

import typer

# Seconds that open requests get after SIGTERM; the process has to be gone within 25.
_SHUTDOWN_SECONDS = 20
PASS_ARGUMENTS_ON: dict[str, Any] = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
    "add_help_option": False,
}


def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the HTTP API."""
    import uvicorn  # noqa: PLC0415 - see the package's docstring

    # uvicorn shuts down in good order, then raises the signal once more: let that mean 0, not death by it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "api.main:create_app",
        factory=True,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )


def worker() -> None:
    """Move jobs along and deliver webhooks."""
    from worker.main import run  # noqa: PLC0415 - see the package's docstring

    run()


def migrate() -> None:
    """Bring the database to the newest schema."""
    from config.settings import Settings  # noqa: PLC0415 - see the package's docstring
    from migrations.upgrade import upgrade_to_head  # noqa: PLC0415 - as above

    upgrade_to_head(Settings().database_url.get_secret_value())


def simulator(context: typer.Context) -> None:
    """Serve the stand-in platform alone; its own flags follow (--help lists them)."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", "simulator", *context.args])  # noqa: S606 - no shell
