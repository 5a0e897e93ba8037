"""How a process that was asked to end does so in time, whatever hangs. Knows nothing of ours.

A driver that waits for a server that is frozen waits in its own cancellation as well (asyncpg for half a
minute), and so does whoever awaits it. So what may hang at the end is waited for and then left to itself, and
behind all of it stands a thread that ends the process: nothing there can still be lost, for claims and leases
free whatever a killed process would have left.
"""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any

CLEANING_UP = timedelta(seconds=1)
"""What the event loop and the interpreter may take after our own last step."""
_log = logging.getLogger(__name__)


async def within(longest: timedelta, work: Coroutine[Any, Any, object]) -> bool:
    """Wait for `work` at most so long, then cancel it without waiting for that; tell whether it ended.

    What it raised is raised here, if it ended in time.
    """
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({task}, timeout=longest.total_seconds())
    if done:
        await task
        return True
    task.cancel()
    task.add_done_callback(_forget)
    return False


async def cut(tasks: "Iterable[asyncio.Task[Any]]", longest: timedelta) -> None:
    """Cancel tasks and wait at most so long until they have let go; what they raise is dropped."""
    cancelled = set(tasks)
    for task in cancelled:
        task.cancel()
        task.add_done_callback(_forget)
    if cancelled:
        await asyncio.wait(cancelled, timeout=longest.total_seconds())


def leave_within(longest: timedelta) -> None:
    """End the process with code 0 after so long, if it is still there then."""
    threading.Thread(target=_leave, args=(longest.total_seconds(),), daemon=True, name="leaving").start()


def leave() -> None:
    """End the process with code 0, now."""
    with suppress(Exception):  # such as a flush in the middle of another one
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def _leave(seconds: float) -> None:
    time.sleep(seconds)
    _log.warning("left without waiting for what hangs")
    leave()


def _forget(task: "asyncio.Task[Any]") -> None:
    """Take note of what a task raised, or asyncio would complain of it in the log."""
    if not task.cancelled():
        task.exception()
