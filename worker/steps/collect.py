"""COLLECTING: fetch events, checkpoints and result files of a job that ended, then end it with us."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar

from crash_points import CrashPoint, reach
from domain import results
from domain.errors import Unavailable
from domain.jobs import Job
from domain.outcomes import Ambiguous, Answered, NotOffered, Outcome, Retryable, Trouble
from domain.platform import (
    DERIVED_ID,
    OptionalRoute,
    Page,
    PlatformCheckpoint,
    PlatformEvent,
    PlatformJob,
    PlatformStatus,
)
from domain.stages import Stage
from services import files
from services.job_steps import collecting
from services.job_steps.collecting import Collected, StoredResult
from services.transitions import ClaimLost
from worker.context import Context
from worker.listing import fitting
from worker.recording import record_job

MOST_PAGES = 20
RESULT_BYTES = 16 * 1024 * 1024
PATIENCE = timedelta(minutes=10)
"""How long an end waits for what the platform has but cannot give just now."""
TRIES, PAUSE = 3, 0.2
"""How often one page or file is asked for within a round, and the seconds in between."""
MODEL_PATIENCE = timedelta(minutes=1)
"""How long a success may take to name its model."""

Item = TypeVar("Item", PlatformEvent, PlatformCheckpoint)
T = TypeVar("T")


class NotNow(Exception):  # noqa: N818 - it says what happened
    """A route did not answer; the whole step is tried again while there is patience."""

    def __init__(self, outcome: Retryable) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


async def collect(context: Context, job: Job) -> None:
    """Keep what there is to keep and end the job; the webhooks leave at once."""
    async with context.database.transaction() as session:
        lacking = await collecting.known_missing(session, job)
    collection = Collection(
        context, job, collecting.platform_end(job), lacking, patient=_is_younger(job, PATIENCE)
    )
    try:
        collected = await collection.fetch()
    except asyncio.CancelledError:  # a stop, or the claim was lost: nothing of it is written yet
        await collection.discard()
        raise
    except NotNow as later:
        await collection.discard()
        retry = later.outcome
        await record_job(context.database, job, lambda session: collecting.try_again(session, job, retry))
        return
    try:
        await record_job(
            context.database, job, lambda session: collecting.finish_collect(session, job, collected)
        )
    except ClaimLost:  # for certain: of a try that may have been kept, the record finds out otherwise
        await collection.discard()
        raise
    context.wake(Stage.DELIVER)


def _is_younger(job: Job, patience: timedelta) -> bool:
    return job.read_at - job.state_since < patience


@dataclass(slots=True)
class Collection:
    """One round of fetching.

    `lacking` are routes that are known to be missing; `missing` gathers what the platform does not give,
    `missing_routes` what was found to be missing now, `stored` what we keep.
    """

    context: Context
    job: Job
    end: PlatformJob
    lacking: frozenset[str]
    patient: bool
    missing: list[str] = field(default_factory=list)
    missing_routes: set[str] = field(default_factory=set)
    stored: list[StoredResult] = field(default_factory=list)

    async def fetch(self) -> Collected:
        """Fetch events always, checkpoints and results of a success.

        Raises:
            NotNow: a route that may answer later did not, and there is patience left.
        """
        platform = self.context.platform
        await self._look_for_the_model()
        id_ = self.end.id
        events = await self._pages(
            OptionalRoute.EVENTS, lambda after, most: platform.events(id_, after=after, limit=most)
        )
        checkpoints: tuple[PlatformCheckpoint, ...] = ()
        if self.end.status is PlatformStatus.SUCCEEDED:
            checkpoints = await self._pages(
                OptionalRoute.CHECKPOINTS,
                lambda after, most: platform.checkpoints(id_, after=after, limit=most),
            )
            await self._results(results.steps_of(events, checkpoints))
        missing, routes = tuple(self.missing), frozenset(self.missing_routes)
        return Collected(events, checkpoints, tuple(self.stored), missing, routes, self.end)

    async def discard(self) -> None:
        """Delete what was stored: this round comes to nothing."""
        for result in self.stored:
            await self.context.blobs.delete(result.blob_key)

    async def _look_for_the_model(self) -> None:
        """Look again at a success that named no model: some platforms do that a moment later."""
        if self.end.status is not PlatformStatus.SUCCEEDED or _names_model(self.end):
            return
        outcome = await self.context.platform.job(self.end.id)
        seen = outcome.value if isinstance(outcome, Answered) else self.end
        if seen.status is PlatformStatus.SUCCEEDED and _names_model(seen):
            self.end = seen
        elif _is_younger(self.job, MODEL_PATIENCE):
            raise NotNow(Retryable("the platform names no model yet"))

    async def _pages(
        self, route: OptionalRoute, fetch: Callable[[str | None, int], Awaitable[Outcome[Page[Item]]]]
    ) -> tuple[Item, ...]:
        items: dict[str, Item] = {}
        after: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._value(route, route, partial(fitting, fetch, after))
            fresh = [item for item in page.items if item.id not in items] if page else []
            items.update((item.id, item) for item in fresh)
            if page is None or not page.has_more or not fresh or fresh[-1].id.startswith(DERIVED_ID):
                break
            after = fresh[-1].id
        return tuple(items.values())

    async def _value(
        self, route: OptionalRoute, name: str, ask: Callable[[], Awaitable[Outcome[T]]]
    ) -> T | None:
        """Ask, unless the route is known to be missing; note what was not given under `name`."""
        known = route in self.lacking | self.missing_routes
        outcome = NotOffered("known to be missing") if known else await _insisting(ask)
        return self._given(route, name, outcome)

    def _given(self, route: OptionalRoute, name: str, outcome: Outcome[T]) -> T | None:
        match outcome:
            case Answered(value):
                return value
            case Retryable() if self.patient:
                raise NotNow(outcome)
            case Ambiguous(reason) if self.patient:
                raise NotNow(Retryable(reason))
            case NotOffered() if route not in self.lacking:
                self.missing_routes.add(route)
        self.missing.append(name)
        return None

    async def _results(self, fetched: results.Steps) -> None:
        for platform_file_id in self.end.result_files:
            await self._result(platform_file_id)
        if not self.stored and self.end.fine_tuned_model:
            await self._own_result(fetched)

    async def _result(self, platform_file_id: str) -> None:
        name = f"result file {platform_file_id}"
        ask = partial(self.context.platform.file_content, platform_file_id, limit_bytes=RESULT_BYTES)
        content = await self._value(OptionalRoute.CONTENT, name, ask)
        if content:
            await self._store(name, content)
        elif content is not None:
            self.missing.append(name)  # an empty one is none

    async def _own_result(self, fetched: results.Steps) -> None:
        """Write the results file that the platform does not give from the numbers that we have."""
        async with self.context.database.transaction() as session:
            kept = await collecting.kept_metrics(session, self.job)
        csv = results.csv_of({**fetched, **kept})
        if csv is not None:
            await self._store("results file of our own", csv)

    async def _store(self, name: str, content: bytes) -> None:
        kept = results.normalised(content)
        file_id = files.new_file_id(at=self.job.read_at)
        key = files.blob_key(file_id)
        try:
            async with self.context.blobs.writer(key) as writer:
                await writer.write(kept)
        except Unavailable as error:  # our own storage: it is worth waiting for, like the platform's
            self._given(OptionalRoute.CONTENT, name, Retryable(error.message))
            return
        reach(CrashPoint.RESULTS_STORED)
        self.stored.append(StoredResult(file_id, key, len(kept), hashlib.sha256(kept).digest()))


def _names_model(end: PlatformJob) -> bool:
    return end.fine_tuned_model is not None or end.unusable_model is not None


async def _insisting(ask: Callable[[], Awaitable[Outcome[T]]]) -> Outcome[T]:
    """Ask again at once where an answer broke: one of many pages that fails must not cost all others."""
    for _ in range(TRIES - 1):
        outcome = await ask()
        if not (isinstance(outcome, Retryable) and outcome.trouble is Trouble.UNAVAILABLE):
            return outcome
        await asyncio.sleep(PAUSE)
    return await ask()
