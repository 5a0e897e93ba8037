"""COLLECTING: fetch events, checkpoints and result files of a job that ended, then end it with us."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from domain.errors import Unavailable
from domain.jobs import Job
from domain.outcomes import Ambiguous, Answered, Outcome, Retryable
from domain.platform import Page, PlatformCheckpoint, PlatformEvent, PlatformJob, PlatformStatus
from domain.stages import Stage
from services import files
from services.job_steps import collecting
from services.job_steps.collecting import Collected, StoredResult
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
    collection = Collection(context, collecting.platform_end(job), patient=_is_patient(job))
    try:
        collected = await collection.fetch()
    except NotNow as later:
        async with context.database.transaction() as session:
            await collecting.try_again(session, job, later.outcome)
        return
    async with context.database.transaction() as session:
        await collecting.finish_collect(session, job, collected)
    context.wake(Stage.DELIVER)


def _is_patient(job: Job) -> bool:
    return datetime.now(UTC) - job.state_since < PATIENCE


@dataclass(slots=True)
class Collection:
    """One round of fetching; `missing` gathers what the platform does not give."""

    context: Context
    end: PlatformJob
    patient: bool
    missing: list[str] = field(default_factory=list)

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
        results = [result for id_ in self.end.result_files if (result := await self._result(id_))]
        return Collected(events, checkpoints, tuple(results), tuple(self.missing))

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

    async def _result(self, platform_file_id: str) -> StoredResult | None:
        outcome = await self.context.platform.file_content(platform_file_id, limit_bytes=RESULT_BYTES)
        content = self._value(f"result file {platform_file_id}", outcome)
        if content is None:
            return None
        file_id = files.new_file_id()
        key = files.blob_key(file_id)
        try:
            async with self.context.blobs.writer(key) as writer:
                await writer.write(content)
        except Unavailable as error:  # our own storage: it is worth waiting for, like the platform's
            return self._value(f"result file {platform_file_id}", Retryable(error.message))
        return StoredResult(file_id, key, len(content), hashlib.sha256(content).digest())
