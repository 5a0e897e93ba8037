"""How much memory a process takes while something happens in it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

MB = 1_000_000
_LOOK_AGAIN = 0.002


@dataclass(slots=True)
class Memory:
    """Resident bytes: before it began, and the most that was seen."""

    before: int
    peak: int


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """Look at a process every 2 ms while the block runs; what is yielded holds what was seen."""
    process = psutil.Process(pid)
    before = process.memory_info().rss
    memory = Memory(before, before)
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_AGAIN):
            memory.peak = max(memory.peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield memory
    finally:
        over.set()
        watcher.join()
