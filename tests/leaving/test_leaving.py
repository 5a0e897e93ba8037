"""What hangs at the end of a process hangs alone."""

import asyncio
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from leaving import cut, within

SOON, LATE = timedelta(milliseconds=30), timedelta(hours=1)
# A task that does not let itself be cancelled, and a thread that asyncio would wait for.
HANGS = """
import asyncio, logging, threading, time
from datetime import timedelta
from leaving import leave_within
logging.basicConfig()
async def hang():
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
async def main():
    hanging = asyncio.create_task(hang())
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)
    await asyncio.sleep(0)
    leave_within(timedelta(milliseconds=100))
    print("our own last word")
asyncio.run(main())
"""


class Stubborn:
    """Work that goes on through its cancellation until it is released, as a driver's does."""

    def __init__(self) -> None:
        self.released = asyncio.Event()
        self.cancelled = False

    async def work(self) -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            self.cancelled = True
            await self.released.wait()
            raise OSError("broke in the end") from None


async def test_what_ends_in_time_is_waited_for_and_what_it_raises_comes_through() -> None:
    async def breaks() -> None:
        raise OSError("broke")

    assert await within(LATE, asyncio.sleep(0))
    with pytest.raises(OSError, match="broke"):
        await within(LATE, breaks())


async def test_what_hangs_in_its_cancellation_is_left_to_itself() -> None:
    hanging = Stubborn()
    assert not await within(SOON, hanging.work())
    await asyncio.sleep(0)
    assert hanging.cancelled
    hanging.released.set()


async def test_tasks_that_do_not_let_go_are_not_waited_for_either() -> None:
    hanging, tame = Stubborn(), asyncio.create_task(asyncio.sleep(3600))
    task = asyncio.create_task(hanging.work())
    await asyncio.sleep(0)
    began = time.monotonic()
    await cut([task, tame], SOON)
    assert (tame.cancelled(), task.done()) == (True, False)
    assert time.monotonic() - began < 5
    hanging.released.set()


def test_a_process_that_hangs_leaves_in_good_order() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (0, "our own last word\n")
    assert "left without waiting" in done.stderr
