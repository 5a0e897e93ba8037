"""`tuneward dev`: the embedded stack, until Ctrl-C."""

import json
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from embedded.stack import Stack


def dev(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The api's port; 0 takes a free one.")] = 8000,
    platform_port: Annotated[
        int, typer.Option(min=0, max=65535, help="The stand-in platform's port; 0 takes a free one.")
    ] = 0,
    data_dir: Annotated[Path, typer.Option(help="Keeps databases, files, keys and logs.")] = Path(
        ".tuneward"
    ),
    workers: Annotated[int, typer.Option(min=0, help="How many worker processes.")] = 1,
    platform: Annotated[
        Literal["simulator", "configured"],
        typer.Option(help="The stand-in, or the platform that XPULINK_API_KEY and XPULINK_BASE_URL name."),
    ] = "simulator",
) -> None:
    """Run the whole service on this machine, without Docker, until Ctrl-C."""
    from embedded.errors import EmbeddedError
    from embedded.stack import Stack

    stack = Stack(
        data_dir,
        port=port,
        platform_port=platform_port,
        worker_count=workers,
        platform=platform,
        user_environment=True,
    )
    interrupt_on_signals()
    try:
        with stack:
            _announce(stack)
            stack.watch()
    except KeyboardInterrupt:
        _say("Stopped.")
    except EmbeddedError as error:
        _say(str(error))
        raise typer.Exit(1) from error


def interrupt_on_signals() -> None:
    """Let SIGTERM end us as Ctrl-C does; set both, for a shell starts background jobs with SIGINT ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _announce(stack: "Stack") -> None:
    ready = {
        "event": "ready",
        "api_url": stack.api_url,
        "platform_url": stack.platform_url,
        "database_url": stack.database_url,
        "redis_url": stack.redis_url,
        "api_key": stack.api_key,
    }
    if stack.platform == "simulator":
        _say(f"The stand-in platform shows what it receives at {stack.platform_url.removesuffix('/v1')}/")
    _say(
        f"Tuneward is ready at {stack.api_url}/v1, described at {stack.api_url}/docs\n"
        f"  export OPENAI_BASE_URL={stack.api_url}/v1 OPENAI_API_KEY={stack.api_key}\n"
        f"  export OPENAI_WEBHOOK_SECRET={stack.webhook_secret}\n"
        f"For 'tuneward keys', 'jobs' and 'platform check' in another terminal:\n"
        f"  export {_operator_environment(stack)}\n"
        f"Logs are in {stack.data_dir / 'logs'}; Ctrl-C stops everything."
    )
    # Last, so that whoever waits for this line has the hints as well.
    print(json.dumps(ready), flush=True)


def _operator_environment(stack: "Stack") -> str:
    """Return what other commands need; what the user has set themselves is not repeated."""
    needed = {"DATABASE_URL": stack.database_url}
    keys = stack.data_dir / "keys" / "secret_keys"
    if stack.environment["TUNEWARD_SECRET_KEYS"] == keys.read_text().strip():
        needed["TUNEWARD_SECRET_KEYS_FILE"] = str(keys)
    if stack.platform == "simulator":  # for 'tuneward platform check'
        needed |= {name: stack.environment[name] for name in ("XPULINK_BASE_URL", "XPULINK_API_KEY")}
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in needed.items())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
