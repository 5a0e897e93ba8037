"""Which creates were answered to the last byte: noted as it happens, written behind the answers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.create_requests import Answer
from domain.errors import Unavailable

GATHERING = 0.05
"""Seconds in which answers gather before one statement writes them all."""
MOST_WAITING = 10_000
_log = structlog.get_logger("api")


class Answered:
    """Gathers what was answered. What is lost with the process counts as not answered, which is safe."""

    def __init__(self, write: Callable[[Sequence[Answer]], Awaitable[None]]) -> None:
        self._write = write
        self._waiting: list[tuple[str, int, float]] = []
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def note(self, job_id: str, retry_count: int) -> None:
        """Say that the answer to this try of this job's create was handed over just now."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((job_id, retry_count, time.monotonic()))
            self._some.set()

    async def flush(self) -> None:
        """Write what is waiting; a retry calls this, so that it finds out who waits for an answer."""
        async with self._writing:
            waiting, self._waiting = self._waiting, []
            self._some.clear()
            if not waiting:
                return
            now = time.monotonic()
            answers = [Answer(job, count, timedelta(seconds=now - at)) for job, count, at in waiting]
            try:
                await self._write(answers)
            except Unavailable as error:
                _log.warning("answers not noted", count=len(answers), error=str(error.__cause__ or error))

    async def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write_for_ever(), name="answered")

    async def close(self) -> None:
        """Write what is waiting and stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()

    async def _write_for_ever(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHERING)
            await self.flush()


def has_left(receive: Receive) -> bool:
    """Tell whether the client has closed its connection, at the time of a request that was read whole.

    The server would not answer `receive` before the client leaves: so the question is put, and taken back
    if there is no answer at once. `Request.is_disconnected` does the same with a task's cancellation, which
    costs as much as a tenth of a create.
    """
    question = receive().__await__()
    try:
        next(question)
    except StopIteration as answer:
        return bool(answer.value["type"] == "http.disconnect")
    question.close()
    return False


class WatchedAnswer(Response):
    """A JSON answer that says when its last byte was handed over to a client that was still there."""

    media_type = "application/json"

    def __init__(self, content: str, *, handed_over: Callable[[], None], headers: dict[str, str]) -> None:
        super().__init__(content, headers=headers)
        self._handed_over = handed_over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """See the ASGI specification."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        # Asked before the last bytes: the server drops in silence what it sends to a client that has left,
        # and once the answer is complete it calls every client gone.
        gone = has_left(receive)
        await send({"type": "http.response.body", "body": self.body})
        if not gone:
            self._handed_over()
