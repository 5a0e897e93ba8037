"""Api and worker as processes that start in a moment: each is forked from one that has imported everything.

They are real processes with real signals; only the second of imports before each start is saved.
"""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

Part = Literal["api", "worker"]
LOOK_EVERY = 0.01


class Kept:
    """A process that is started again whenever it was killed, while the block runs; then ended by SIGTERM."""

    def __init__(self, part: Part, environment: Mapping[str, str], folder: Path, *, port: int = 0) -> None:
        self._start = partial(_be, part, dict(environment), folder, port)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.acceptance.nursery", "api.main", "worker.main"])
        self.lives: list[BaseProcess] = []
        self._keeping: asyncio.Task[None] | None = None

    @property
    def pids(self) -> list[int | None]:
        return [life.pid for life in self.lives]

    @property
    def exit_codes(self) -> list[int | None]:
        return [life.exitcode for life in self.lives]

    async def __aenter__(self) -> Self:
        self._live()
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._keeping is not None
        self._keeping.cancel()
        self.lives[-1].terminate()
        await asyncio.to_thread(self.lives[-1].join)

    def _live(self) -> None:
        self.lives.append(self._context.Process(target=self._start))  # no daemon: it has children
        self.lives[-1].start()

    async def _keep(self) -> None:
        while self.lives[-1].exitcode in {None, -signal.SIGKILL}:
            if not self.lives[-1].is_alive():
                self._live()
            await asyncio.sleep(LOOK_EVERY)


def _be(part: Part, environment: dict[str, str], folder: Path, port: int) -> None:
    from cli import processes  # noqa: PLC0415 - in the child alone

    log = os.open(folder / f"{part}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(folder)
    os.environ.update(environment)
    if part == "worker":
        processes.worker()
    else:
        processes.api(host="127.0.0.1", port=port)
