"""The processes of a run: a stack in a folder of its own, and the references beside it."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embedded.environment import of_programs, python_module
from embedded.ports import LOOPBACK, free_port
from embedded.process import SupervisedProcess
from embedded.readiness import answers_ok
from embedded.stack import Stack


@contextmanager
def running_stack(**options: Any) -> Iterator[Stack]:
    """Run a durable stack (see `embedded.stack.Stack` for the options) in a folder that is then removed."""
    with (
        tempfile.TemporaryDirectory(prefix="tuneward-benchmark-", ignore_cleanup_errors=True) as folder,
        Stack(Path(folder), **options) as stack,
    ):
        yield stack


@contextmanager
def running(process: SupervisedProcess) -> Iterator[SupervisedProcess]:
    """Start a process, and end it with the block."""
    process.start()
    try:
        yield process
    finally:
        process.terminate()


@contextmanager
def serving_reference(
    app: str, logs: Path, *, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[SupervisedProcess, str]]:
    """Serve `module:app` of this package by uvicorn, as our api is served, and yield process and base URL.

    The app must answer 200 at `/healthz`. Its log goes to the folder `logs`.
    """
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    options = ["--host", LOOPBACK, "--port", str(port), "--no-access-log", "--log-level", "warning"]
    process = SupervisedProcess(
        app,
        python_module("uvicorn", f"benchmarks.{app}", *options),
        log=logs / f"{app.replace(':', '-')}.log",
        environment=of_programs(inherit=False) | dict(environment or {}),
        folder=logs,
        ready=lambda _: answers_ok(f"{url}/healthz"),
    )
    with running(process):
        yield process, url
