"""A few processes that look at training files; started when there is work, ended when there is none."""

import asyncio
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final, ParamSpec, TypeVar

from domain.training_data.examination import Examined, Observed, Piece, Pieces
from examining import remote
from examining.wanted import Kept, Wanted

P = ParamSpec("P")
R = TypeVar("R")
LONGEST: Final = timedelta(minutes=5)
"""What one piece, or the conclusion, may take: a hundred times what it does."""
CHUNK_BYTES: Final = 256 * 1024
"""What is well handed over at once; any size will do."""
IDLE: Final = timedelta(minutes=1)
"""The processes hold about 200 MB each; they end when nothing came for so long."""


class ExaminationBroke(Exception):  # noqa: N818 - it says what happened
    """A process died or took too long; nothing can be said of what it looked at."""


class Pool:
    """Belongs to one event loop. `size` is the number of processes, by default that of the processors."""

    def __init__(self, size: int | None = None) -> None:
        self.size = size or os.cpu_count() or 1
        self._executor: ProcessPoolExecutor | None = None
        # No more are handed over than soon begin, so that what one may take is not spent on waiting.
        self._turns = asyncio.Semaphore(self.size + 1)
        self._busy = 0
        self._ending: asyncio.TimerHandle | None = None

    def alone(self) -> "Pool":
        """Return a pool of one process for a file that may break it; to be closed by who asked for it."""
        return Pool(1)

    async def observe(self, piece: Piece, wanted: Wanted) -> Observed:
        """Look at one piece.

        Raises:
            ExaminationBroke: the process died, or took too long.
        """
        return await self._run(remote.observe, piece, wanted)

    async def conclude(self, observed: Sequence[Observed]) -> Examined:
        """Put the pieces together, in the order of the file.

        Raises:
            ExaminationBroke: the process died, or took too long.
        """
        return await self._run(remote.conclude, [Observed(piece.seen) for piece in observed])

    async def condense(self, observed: Sequence[Observed]) -> dict[str, Any]:
        """Make one of several pieces, as far as that can be done.

        Raises:
            ExaminationBroke: the process died, or took too long.
        """
        return await self._run(remote.condense, observed)

    async def keep(self, observed: Sequence[Observed]) -> Kept:
        """Return what is kept of the pieces together beside the report.

        Raises:
            ExaminationBroke: the process died, or took too long.
        """
        return await self._run(remote.keep, observed)

    def close(self) -> None:
        """End the processes, whatever they do; the next piece would start others."""
        if self._ending is not None:
            self._ending.cancel()
        if self._executor is not None:
            self._give_up(self._executor)

    def _give_up(self, executor: ProcessPoolExecutor) -> None:
        """End these processes; others may have been started in their place since, which go on."""
        if self._executor is executor:
            self._executor = None
        # Nothing else tells whose they are, and a second time neither is there any more.
        processes = [*(executor._processes or {}).values()]  # noqa: SLF001
        answers: Any = executor._result_queue  # noqa: SLF001
        executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        if answers is not None and not answers._writer.closed:  # noqa: SLF001
            # One that died in the middle of a long answer left half of it in the pipe: the executor's thread
            # waits for the rest, and the interpreter for the thread, until nobody can write there any more.
            answers._writer.close()  # noqa: SLF001

    async def _run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        self._busy += 1
        try:
            async with self._turns:
                return await self._in_time(function, *args, **kwargs)
        finally:
            self._busy -= 1
            if not self._busy and self._executor is not None:
                self._ending = asyncio.get_running_loop().call_later(IDLE.total_seconds(), self.close)

    async def _in_time(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        executor = self._started()
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                with _without_interrupts():
                    future = executor.submit(function, *args, **kwargs)  # may start a process
                return await self._answer(future)
        except (BrokenProcessPool, TimeoutError) as error:
            self._give_up(executor)
            raise ExaminationBroke(str(error) or "it took too long") from error

    @staticmethod
    async def _answer(future: "Future[R]") -> R:
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if future.cancelled() and task is not None and not task.cancelling():
                # Not we were cancelled: it was waiting for a process, and all of them were ended.
                raise BrokenProcessPool("another piece took too long") from None
            raise

    def _started(self) -> ProcessPoolExecutor:
        if self._ending is not None:
            self._ending.cancel()
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.size, mp_context=multiprocessing.get_context("spawn"), initializer=remote.begin
            )
        return self._executor


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: they inherit what is held back here for a moment."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def observe_all(
    pool: Pool, chunks: AsyncIterator[bytes], wanted: Callable[[], Wanted]
) -> AsyncGenerator[Observed, None]:
    """Yield what is seen of each piece of a file, in order; a few pieces are under way at once.

    `wanted` is asked when a piece is complete, since the kind may turn out only while the file arrives.

    Raises:
        ExaminationBroke: a process died, or took too long.
    """
    pieces = Pieces()
    under_way: deque[asyncio.Task[Observed]] = deque()
    try:
        async for chunk in chunks:
            piece = pieces.feed(chunk)
            if piece is not None:
                under_way.append(asyncio.create_task(pool.observe(piece, wanted())))
            if len(under_way) > pool.size:
                yield await under_way.popleft()
        last = pieces.finish()
        if last is not None:
            under_way.append(asyncio.create_task(pool.observe(last, wanted())))
        while under_way:
            yield await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        with suppress(Exception):
            await asyncio.gather(*under_way, return_exceptions=True)
