"""How the demo follows a job through the public API and shows it."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent

_LOOK_AGAIN = 0.25
_BAR_WIDTH = 30
_ENDS = ("succeeded", "failed", "cancelled")


def follow(client: "OpenAI", job_id: str, *, check: Callable[[], None], timeout: float) -> "FineTuningJob":
    """Print a job's events as they appear, its loss as a bar, and return the job when it has ended.

    Args:
        client: The project's client.
        job_id: Which job.
        check: Raises if there is no hope any more; called at each look.
        timeout: Seconds that the job may take.

    Raises:
        TimeoutError: It has not ended in time.
    """
    display, seen = _Display(), set[str]()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        check()
        job = client.fine_tuning.jobs.retrieve(job_id)
        newest_first = client.fine_tuning.jobs.list_events(job_id, limit=100).data
        for event in reversed([event for event in newest_first if event.id not in seen]):
            seen.add(event.id)
            display.show(job.status, event)
        if job.status in _ENDS:
            display.end()
            return job
        time.sleep(_LOOK_AGAIN)
    raise TimeoutError(f"job {job_id} has not ended within {timeout:g} s")


class _Display:
    """Messages a line each; metrics as one line that is written over on a terminal, every tenth elsewhere."""

    def __init__(self) -> None:
        self._rewrites = sys.stdout.isatty()
        self._open_line = False
        self._tenth = -1

    def show(self, status: str, event: "FineTuningJobEvent") -> None:
        measured: Any = event.data
        if isinstance(measured, dict) and "train_loss" in measured:
            self._show_loss(status, measured)
        else:
            self.end()
            print(f"  {status:<10} {event.message}", flush=True)

    def end(self) -> None:
        if self._open_line:
            print()
        self._open_line = False

    def _show_loss(self, status: str, measured: dict[str, Any]) -> None:
        step, total = int(measured["step"]), int(measured.get("total_steps") or 0)
        share = step / total if total else 0.0
        done = round(share * _BAR_WIDTH)
        bar = "#" * done + "." * (_BAR_WIDTH - done)
        line = f"  {status:<10} [{bar}] step {step}/{total or '?'}  loss {measured['train_loss']:.3f}"
        if self._rewrites:
            print(f"\r{line}", end="", flush=True)
            self._open_line = True
        elif int(share * 10) > self._tenth:
            self._tenth = int(share * 10)
            print(line, flush=True)
