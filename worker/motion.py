"""Everything a worker keeps moving: drains, heartbeat, sweeps; started together, stopped in order."""

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import structlog

from domain.errors import Unavailable
from leaving import cut
from worker import sweeps
from worker.context import Context
from worker.drain import LETTING_GO, RunningDrain
from worker.drains import advance, cancel, deliver, duplicates, examine, track
from worker.heartbeat import Heartbeat
from worker.probe import Prober

_log = structlog.get_logger(__name__)


class Motion:
    """A worker's own task group; arq only rings it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._heartbeat = Heartbeat(context.database, context.pace)
        self._drains: list[RunningDrain[Any]] = [
            RunningDrain(stage.drain(context, self._heartbeat), context.wakes, context.pace.drain_interval)
            for stage in (advance, track, cancel, deliver, examine, duplicates)
        ]
        self._claiming: list[asyncio.Task[None]] = []
        self._other_tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; whatever is due already is looked for at once."""
        self._context.stopping.clear()
        opening = self._task(self._open())
        self._claiming = [drain.start(opening) for drain in self._drains]
        self._other_tasks = [
            self._task(self._heartbeat.run()),
            self._task(self._sweep()),
            self._task(Prober(self._context).run()),
        ]
        self._context.wakes.wake_all()

    async def wait(self) -> None:
        """Return, or raise what broke, as soon as one of the loops ends: none of them should."""
        tasks = [*self._claiming, *self._other_tasks]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Stop claiming, finish short calls, hand the rest back; claims stay alive until then."""
        self._context.stopping.set()
        heartbeat, *others = self._other_tasks
        for other in others:
            other.cancel()
        await asyncio.gather(*(drain.finish(self._context.pace.shutdown_grace) for drain in self._drains))
        await cut([heartbeat, *others], LETTING_GO)

    async def _open(self) -> None:
        await asyncio.gather(*(drain.open() for drain in self._drains))

    @staticmethod
    def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(work)

    async def _sweep(self) -> None:
        interval = self._context.pace.sweep_interval.total_seconds()
        while True:
            await asyncio.sleep(interval * random.uniform(0.8, 1.2))  # noqa: S311 - workers out of step
            for sweep in sweeps.ALL:
                await self._sweep_once(sweep.__name__, sweep.run_once(self._context))

    async def _sweep_once(self, name: str, sweep: Coroutine[Any, Any, dict[str, int]]) -> None:
        try:
            counts = await sweep
        except Unavailable as error:
            _log.warning("sweep put off", sweep=name, error=str(error.__cause__ or error))
        except Exception:  # noqa: BLE001 - one broken sweep must not stop the others
            _log.exception("sweep broke", sweep=name)
        else:
            if any(counts.values()):
                _log.info("swept", sweep=name, **counts)
