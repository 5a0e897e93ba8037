"""The platform as the steps see it: every call waits for the budget, and what came of it is noted.

Here and not in the steps, so that no call can be forgotten: breaker, parking and budget hold for whatever
asks the platform in a worker.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import structlog

from db.session import Database
from domain.errors import Unavailable
from domain.outcomes import Answered, Outcome, Retryable, Trouble
from domain.parking import Probing, Standing, is_failure, says_nothing
from domain.platform import (
    JobRequest,
    Page,
    PlatformCheckpoint,
    PlatformEvent,
    PlatformFile,
    PlatformJob,
)
from services import parking
from worker import metrics
from worker.budget import Budget
from xpulink.port import Content, InTime, Platform

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class Account:
    """`Platform` within the bounds of one account that all workers share."""

    def __init__(
        self, platform: Platform, database: Database, *, name: str, rate: float, probing: Probing
    ) -> None:
        self._platform, self._database = platform, database
        self.name, self.probing = name, probing
        self._budget = Budget(database, name=name, rate=rate)
        self.trouble = asyncio.Event()
        """Set when a call showed trouble: a probe may be due."""
        self.standing: Standing | None = None
        """How the account stood when it was last looked at."""

    async def upload_file(self, *, filename: str, size: int, content: Content) -> Outcome[PlatformFile]:
        """See `Platform.upload_file`."""
        ask = partial(self._platform.upload_file, filename=filename, size=size, content=content)
        return await self._call("upload_file", ask)

    async def create_job(
        self, request: JobRequest, *, with_metadata: bool = True, in_time: InTime | None = None
    ) -> Outcome[PlatformJob]:
        """See `Platform.create_job`."""
        ask = partial(self._platform.create_job, request, with_metadata=with_metadata, in_time=in_time)
        return await self._call("create_job", ask, of=request.marker, urgent=True)

    async def job(self, id_: str) -> Outcome[PlatformJob]:
        """See `Platform.job`."""
        return await self._call("job", partial(self._platform.job, id_), of=id_)

    async def jobs(self, *, after: str | None, limit: int) -> Outcome[Page[PlatformJob]]:
        """See `Platform.jobs`."""
        return await self._call("jobs", partial(self._platform.jobs, after=after, limit=limit))

    async def cancel_job(self, id_: str) -> Outcome[PlatformJob]:
        """See `Platform.cancel_job`."""
        return await self._call("cancel_job", partial(self._platform.cancel_job, id_), of=id_, urgent=True)

    async def events(self, id_: str, *, after: str | None, limit: int) -> Outcome[Page[PlatformEvent]]:
        """See `Platform.events`."""
        return await self._call(
            "events", partial(self._platform.events, id_, after=after, limit=limit), of=id_
        )

    async def checkpoints(
        self, id_: str, *, after: str | None, limit: int
    ) -> Outcome[Page[PlatformCheckpoint]]:
        """See `Platform.checkpoints`."""
        ask = partial(self._platform.checkpoints, id_, after=after, limit=limit)
        return await self._call("checkpoints", ask, of=id_)

    async def file_content(self, id_: str, *, limit_bytes: int) -> Outcome[bytes]:
        """See `Platform.file_content`."""
        ask = partial(self._platform.file_content, id_, limit_bytes=limit_bytes)
        return await self._call("file_content", ask, of=id_)

    async def files(self, *, after: str | None, limit: int) -> Outcome[Page[PlatformFile]]:
        """See `Platform.files`."""
        return await self._call("files", partial(self._platform.files, after=after, limit=limit))

    async def delete_file(self, id_: str) -> Outcome[None]:
        """See `Platform.delete_file`."""
        return await self._call("delete_file", partial(self._platform.delete_file, id_), of=id_)

    async def delete_model(self, name: str) -> Outcome[None]:
        """See `Platform.delete_model`."""
        return await self._call("delete_model", partial(self._platform.delete_model, name), of=name)

    async def probe(self) -> Outcome[Any]:
        """Ask for the least there is to ask for; what comes of it is the caller's to record.

        A list of jobs that alone is broken or refused must not keep all else waiting, so the files decide
        then. Only if they are really there: a route that is missing may be found missing before the key is
        looked at.
        """
        jobs = await self._platform.jobs(after=None, limit=1)
        if not (is_failure(jobs) or _concerns_key(jobs)) or _label(jobs) == Trouble.THROTTLED:
            return jobs
        files = await self._platform.files(after=None, limit=1)
        return files if isinstance(files, Answered) else jobs

    async def _call(
        self,
        route: str,
        ask: Callable[[], Awaitable[Outcome[T]]],
        *,
        of: str | None = None,
        urgent: bool = False,
    ) -> Outcome[T]:
        """Make a call; `of` names the object it is about, without one every call is another."""
        await self._budget.take(urgent=urgent)
        outcome = await ask()
        metrics.CALLS.labels(route, _label(outcome)).inc()
        await self._note(f"{route} {of or secrets.token_hex(4)}", outcome)
        return outcome

    async def _note(self, call: str, outcome: Outcome[Any]) -> None:
        """Record what concerns the account. That cannot be: the outcome counts, and is never lost for it."""
        trouble = is_failure(outcome) or _concerns_key(outcome)
        if says_nothing(outcome) or not (trouble or self._budget.troubled):
            return
        try:
            async with self._database.transaction() as session:
                if trouble:
                    await parking.note_trouble(
                        session, name=self.name, call=call, outcome=outcome, probing=self.probing
                    )
                else:
                    await parking.note_answer(session, name=self.name)
        except Unavailable as error:
            _log.warning("cannot note how the platform answers", error=str(error.__cause__ or error))
            return
        if isinstance(outcome, Retryable) and outcome.trouble is Trouble.UNAUTHORIZED:  # the operator's
            _log.warning("the platform refused our key", call=call, reason=outcome.reason)
        self._budget.troubled = trouble
        if trouble:
            self.trouble.set()


def _concerns_key(outcome: Outcome[Any]) -> bool:
    return isinstance(outcome, Retryable) and outcome.trouble is not Trouble.UNAVAILABLE


def _label(outcome: Outcome[Any]) -> str:
    return outcome.trouble.value if isinstance(outcome, Retryable) else type(outcome).__name__.lower()
