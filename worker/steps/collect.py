"""COLLECTING: fetch events, checkpoints and result files of a job that ended, then end it with us."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from domain import results
from domain.errors import Unavailable
from domain.jobs import Job
from domain.outcomes import Ambiguous, Answered, Outcome, Retryable
from domain.platform import Page, PlatformCheckpoint, PlatformEvent, PlatformJob, PlatformStatus
from domain.stages import Stage
from services import files
from services.job_steps import collecting
from services.job_steps.collecting import Collected, StoredResult
from services.transitions import ClaimLost
from worker.context import Context

PAGE = 100
MOST_PAGES = 20
RESULT_BYTES = 16 * 1024 * 1024
PATIENCE = timedelta(minutes=10)
"""How long an end waits for what the platform has but cannot give just now."""

Item = TypeVar("Item", PlatformEvent, PlatformCheckpoint)
T = TypeVar("T")


class NotNow(Exception):  # noqa: N818 - it says what happened
    """A route did not answer; the whole step is tried again while there is patience."""

    def __init__(self, outcome: Retryable) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


async def collect(context: Context, job: Job) -> None:
    """Keep what there is to keep and end the job; the webhooks leave at once."""
    collection = Collection(context, job, collecting.platform_end(job), patient=_is_patient(job))
    try:
        collected = await collection.fetch()
    except NotNow as later:
        await collection.discard()
        async with context.database.transaction() as session:
            await collecting.try_again(session, job, later.outcome)
        return
    try:
        async with context.database.transaction() as session:
            await collecting.finish_collect(session, job, collected)
    except ClaimLost:
        await collection.discard()
        raise
    context.wake(Stage.DELIVER)


def _is_patient(job: Job) -> bool:
    return datetime.now(UTC) - job.state_since < PATIENCE


@dataclass(slots=True)
class Collection:
    """One round of fetching; `missing` gathers what the platform does not give, `stored` what we keep."""

    context: Context
    job: Job
    end: PlatformJob
    patient: bool
    missing: list[str] = field(default_factory=list)
    stored: list[StoredResult] = field(default_factory=list)

    async def fetch(self) -> Collected:
        """Fetch events always, checkpoints and results of a success.

        Raises:
            NotNow: a route that may answer later did not, and there is patience left.
        """
        platform = self.context.platform
        events = await self._pages(
            "events", lambda after: platform.events(self.end.id, after=after, limit=PAGE)
        )
        if self.end.status is not PlatformStatus.SUCCEEDED:
            return Collected(events, missing=tuple(self.missing))
        checkpoints = await self._pages(
            "checkpoints", lambda after: platform.checkpoints(self.end.id, after=after, limit=PAGE)
        )
        for platform_file_id in self.end.result_files:
            await self._result(platform_file_id)
        if not self.stored and self.end.fine_tuned_model:
            await self._own_result(results.steps_of(events, checkpoints))
        return Collected(events, checkpoints, tuple(self.stored), tuple(self.missing))

    async def discard(self) -> None:
        """Delete what was stored: this round comes to nothing."""
        for result in self.stored:
            await self.context.blobs.delete(result.blob_key)

    async def _pages(
        self, name: str, fetch: Callable[[str | None], Awaitable[Outcome[Page[Item]]]]
    ) -> tuple[Item, ...]:
        items: dict[str, Item] = {}
        after: str | None = None
        for _ in range(MOST_PAGES):
            page = self._value(name, await fetch(after))
            fresh = [item for item in page.items if item.id not in items] if page else []
            items.update((item.id, item) for item in fresh)
            if page is None or not page.has_more or not fresh:
                break
            after = fresh[-1].id
        return tuple(items.values())

    def _value(self, name: str, outcome: Outcome[T]) -> T | None:
        match outcome:
            case Answered(value):
                return value
            case Retryable() if self.patient:
                raise NotNow(outcome)
            case Ambiguous(reason) if self.patient:
                raise NotNow(Retryable(reason))
            case _:
                self.missing.append(name)
                return None

    async def _result(self, platform_file_id: str) -> None:
        name = f"result file {platform_file_id}"
        outcome = await self.context.platform.file_content(platform_file_id, limit_bytes=RESULT_BYTES)
        content = self._value(name, outcome)
        if content is not None:
            await self._store(name, content)

    async def _own_result(self, fetched: results.Steps) -> None:
        """Write the results file that the platform does not give from the numbers that we have."""
        async with self.context.database.transaction() as session:
            kept = await collecting.kept_metrics(session, self.job)
        csv = results.csv_of({**fetched, **kept})
        if csv is not None:
            await self._store("results file of our own", csv)

    async def _store(self, name: str, content: bytes) -> None:
        kept = results.normalised(content)
        file_id = files.new_file_id()
        key = files.blob_key(file_id)
        try:
            async with self.context.blobs.writer(key) as writer:
                await writer.write(kept)
        except Unavailable as error:  # our own storage: it is worth waiting for, like the platform's
            self._value(name, Retryable(error.message))
            return
        self.stored.append(StoredResult(file_id, key, len(kept), hashlib.sha256(kept).digest()))
