"""Which creates were answered to the last byte: noted as it happens, written behind the answers."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.create_requests import Answer, Try
from domain.errors import Unavailable
from leaving import within

GATHERING = 0.05
"""Seconds in which answers gather before one statement writes them all."""
MOST_WAITING = 10_000
AGAIN_AFTER = 1.0
"""Seconds until the next try, if the database did not take what was answered."""
CLOSING = 3.0
"""Seconds that the last writes may take when the process stops."""
_log = structlog.get_logger("api")


@dataclass(frozen=True, slots=True)
class Note:
    """A good answer to a try of this job's create, handed over at this time of the monotonic clock."""

    job_id: str
    this: Try
    at: float

    def answer(self) -> Answer:
        """Return it as seen from now."""
        ago = timedelta(seconds=time.monotonic() - self.at)
        return Answer(self.job_id, self.this.retry_count, ago)


class Answered:
    """Gathers what was answered, and keeps it until the database takes it.

    What is lost with a process that is killed, or is too much to keep, counts as not answered: its own client
    will not try again, but a retry of another request that looks the same may take its job.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Answer]], Awaitable[None]],
        *,
        most: int = MOST_WAITING,
        again_after: float = AGAIN_AFTER,
        patience: float = CLOSING,
    ) -> None:
        """Hand what was answered to `write`, which raises `Unavailable` if it could not.

        Args:
            write: takes all of them at once.
            most: how many are kept; beyond it the oldest are forgotten.
            again_after: seconds until the next try.
            patience: seconds that `close` may take.
        """
        self._write = write
        self._most = most
        self._again_after = again_after
        self._patience = patience
        self._expected: dict[str, Try] = {}
        self._waiting: deque[Note] = deque(maxlen=most)
        self._being_written: deque[Note] = deque(maxlen=most)
        self._some = asyncio.Event()
        self._closing = asyncio.Event()
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def expect(self, job_id: str, this: Try) -> None:
        """Say, before the commit, that a client waits for the answer to this try and will get it."""
        if len(self._expected) >= self._most:
            del self._expected[next(iter(self._expected))]
        self._expected[job_id] = this

    @contextmanager
    def settled_on_failure(self, this: Try) -> Iterator[None]:
        """Expect no answer to this try any more if the block fails, be it in the commit or after it."""
        try:
            yield
        except BaseException:
            for job_id in [job_id for job_id, other in self._expected.items() if other is this]:
                self.settle(job_id, this, handed_over=False)
            raise

    def settle(self, job_id: str, this: Try, *, handed_over: bool) -> None:
        """Say what became of an answer: it was handed over just now, or its client had left."""
        if self._expected.get(job_id) == this:
            del self._expected[job_id]
        if handed_over:
            self._waiting.append(Note(job_id, this, time.monotonic()))
            self._some.set()

    def unwritten(self, this: Try) -> list[Answer]:
        """Return what is known here, and not yet in the database, of requests that look the same."""
        under_way = [
            Answer(job_id, other.retry_count, timedelta(0))
            for job_id, other in self._expected.items()
            if other.fingerprint == this.fingerprint
        ]
        notes = (*self._being_written, *self._waiting)
        return under_way + [note.answer() for note in notes if note.this.fingerprint == this.fingerprint]

    async def flush(self) -> bool:
        """Write what is waiting; tell whether the database took it. If not, it goes on waiting."""
        async with self._writing:
            self._being_written, self._waiting = self._waiting, deque(maxlen=self._most)
            self._some.clear()
            try:
                if self._being_written:
                    await self._write([note.answer() for note in self._being_written])
            except Unavailable as error:
                _log.warning("answers not noted yet", error=str(error.__cause__ or error))
                self._waiting = deque([*self._being_written, *self._waiting], maxlen=self._most)
                return False
            except Exception:  # noqa: BLE001 - these are lost, but the next ones shall be written
                _log.exception("noting answers broke", count=len(self._being_written))
            finally:
                self._being_written = deque(maxlen=self._most)
            return True

    async def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write_until_closing(), name="answered")

    async def close(self) -> None:
        """Let a write that is under way end, write what is waiting, and stop."""
        self._closing.set()
        self._some.set()
        if not await within(timedelta(seconds=self._patience), self._write_the_last()):
            _log.warning("answers not noted", error="the database took too long at the end")

    async def _write_the_last(self) -> None:
        if self._task is not None:
            await self._task
        await self.flush()

    async def _write_until_closing(self) -> None:
        while not self._closing.is_set():
            await self._some.wait()
            await self._pause(GATHERING)
            if not await self.flush():
                self._some.set()
                await self._pause(self._again_after)

    async def _pause(self, seconds: float) -> None:
        """Wait, unless the process stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()


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
    """A JSON answer that says whether its last byte was handed over to a client that was still there."""

    media_type = "application/json"

    def __init__(self, content: str, *, settle: Callable[..., None], headers: dict[str, str]) -> None:
        super().__init__(content, headers=headers)
        self._settle = settle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """See the ASGI specification."""
        handed_over = False
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            # Asked before the last bytes: the server drops in silence what it sends to a client that has
            # left, and once the answer is complete it calls every client gone.
            there = not has_left(receive)
            await send({"type": "http.response.body", "body": self.body})
            handed_over = there
        finally:
            self._settle(handed_over=handed_over)
