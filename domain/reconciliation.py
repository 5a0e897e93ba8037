"""Looking for a create call whose fate is unknown in the platform's own list.

The list is read newest first. "Not there" counts only if the reading reached a job older than the intent
(less five minutes for clocks that disagree), or provably reached the end of the list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from domain.platform import Page, PlatformJob, PlatformStatus

CLOCK_ALLOWANCE = timedelta(minutes=5)
UNCONFIRMED_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Sought:
    """What identifies the job: the marker, and the training file if it was uploaded for this job alone."""

    marker: str
    platform_training_file: str
    own_file: bool
    intent_at: datetime


class Reach(StrEnum):
    """How far a reading of the list came."""

    MORE = "more"  # the next page has to be read
    ENOUGH = "enough"  # everything that could be ours was seen
    SHORT = "short"  # the platform does not let us read far enough


@dataclass(slots=True)
class Reading:
    """A reading of the list, page by page, back to five minutes before `since`."""

    since: datetime
    seen: set[str] = field(default_factory=set)
    markerless: list[PlatformJob] = field(default_factory=list)
    unreadable: int = 0

    def take(self, page: Page[PlatformJob]) -> tuple[list[PlatformJob], Reach]:
        """Take in one page; return the jobs that no page before it showed, and whether another is needed."""
        fresh = [job for job in page.items if job.id not in self.seen]
        self.seen.update(job.id for job in fresh)
        self.markerless.extend(job for job in fresh if job.marker is None)
        self.unreadable += page.skipped
        if page.has_more is False or self._is_past(page.items):
            return fresh, Reach.ENOUGH
        return fresh, Reach.MORE if fresh else Reach.SHORT

    def doubt(self, reach: Reach, sought: Sought, kept: str | None = None) -> str | None:
        """Return why not finding a job means nothing after a reading that came this far; None if it does.

        It means something if all could be read, and each job is the one kept or shows that it is another.
        """
        if reach is not Reach.ENOUGH:
            return "the platform's list could not be read far enough"
        if self.unreadable:
            return "the platform's list holds jobs that cannot be read"
        if any(job.id != kept and unclear(job, sought) for job in self.markerless):
            return "the platform's list shows jobs without the metadata that would tell this one apart"
        return None

    def _is_past(self, items: Sequence[PlatformJob]) -> bool:
        """Tell whether the page ends before `since`.

        A page that is not newest first shows no such thing, nor does one on which all were created at once:
        the list may be the other way round, and what is sought on its last page.
        """
        times = [job.created_at for job in items if job.created_at is not None]
        newest_first = all(later >= earlier for later, earlier in pairwise(times))
        tells = len(times) == 1 or (newest_first and bool(times) and times[0] > times[-1])
        return tells and times[-1] < self.since - CLOCK_ALLOWANCE


def unclear(job: PlatformJob, sought: Sought) -> bool:
    """Tell whether a job that is shown without a marker might be the one sought, for a list may be abridged.

    Empty metadata is what a list may show of ours, and of others' jobs as well; then the file has to tell.
    """
    if job.marker is not None:
        return False
    if job.training_file is None:
        return True
    told_apart = job.metadata is not None and job.training_file != sought.platform_training_file
    return not (sought.own_file or told_apart)


def worth_a_look(job: PlatformJob, sought: Sought) -> bool:
    """Tell whether to ask for a job by its id: it is unclear, and not older than the intent."""
    recent = job.created_at is None or job.created_at >= sought.intent_at - CLOCK_ALLOWANCE
    return recent and unclear(job, sought)


@dataclass(slots=True)
class Search:
    """A reading of the list for one create call."""

    sought: Sought
    found: list[PlatformJob] = field(default_factory=list)
    reading: Reading = field(init=False)

    def __post_init__(self) -> None:
        self.reading = Reading(self.sought.intent_at)

    def read(self, page: Page[PlatformJob]) -> Reach:
        """Take in one page and say whether another is needed."""
        fresh, reach = self.reading.take(page)
        self.found.extend(job for job in fresh if self._is_ours(job))
        return reach

    def worth_a_look(self, job: PlatformJob) -> bool:
        """Tell whether to ask for a job by its id."""
        return worth_a_look(job, self.sought)

    def doubt(self, reach: Reach) -> str | None:
        """Return why not finding it means nothing after a reading that came this far; None if it does."""
        return self.reading.doubt(reach, self.sought)

    def _is_ours(self, job: PlatformJob) -> bool:
        if job.marker is not None:
            return job.marker == self.sought.marker
        return self.sought.own_file and job.training_file == self.sought.platform_training_file


_CAME_TO_NOTHING = frozenset({PlatformStatus.FAILED, PlatformStatus.CANCELLED})


def earliest(found: Sequence[PlatformJob]) -> tuple[PlatformJob, list[PlatformJob]]:
    """Return the job to keep, the one created first, and the others, which are to be cancelled.

    One that came to nothing is kept only if all did: else it would end the job, and its twin be cancelled.
    """
    ordered = sorted(
        found,
        key=lambda job: (
            job.status in _CAME_TO_NOTHING,
            job.created_at is None,
            job.created_at or datetime.max.replace(tzinfo=UTC),
            job.id,
        ),
    )
    return ordered[0], ordered[1:]
