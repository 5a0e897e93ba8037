"""Looking for a create call whose fate is unknown in the platform's own list.

The list is read newest first. "Not there" counts only if the reading reached a job older than the intent
(less five minutes for clocks that disagree), or provably reached the end of the list.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from domain.platform import Page, PlatformJob

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
class Search:
    """A reading of the list, page by page."""

    sought: Sought
    found: list[PlatformJob] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    all_echo: bool = True
    unreadable: int = 0

    def read(self, page: Page[PlatformJob]) -> Reach:
        """Take in one page and say whether another is needed."""
        fresh = [job for job in page.items if job.id not in self.seen]
        self.seen.update(job.id for job in fresh)
        self.found.extend(job for job in fresh if self._is_ours(job))
        self.all_echo = self.all_echo and all(job.metadata is not None for job in fresh)
        self.unreadable += page.skipped
        if page.has_more is False or self._passed_the_intent(page.items):
            return Reach.ENOUGH
        return Reach.MORE if fresh else Reach.SHORT

    @property
    def can_tell_absence(self) -> bool:
        """Not finding it means something: all could be read, and show their marker or have a file of ours."""
        return not self.unreadable and (self.sought.own_file or self.all_echo)

    def doubt(self, reach: Reach) -> str | None:
        """Return why not finding it means nothing after a reading that came this far; None if it does."""
        if reach is not Reach.ENOUGH:
            return "the platform's list could not be read far enough"
        if self.unreadable:
            return "the platform's list holds jobs that cannot be read"
        if not self.can_tell_absence:
            return "the platform's list shows jobs without the metadata that would tell this one apart"
        return None

    def _is_ours(self, job: PlatformJob) -> bool:
        if job.marker is not None:
            return job.marker == self.sought.marker
        return self.sought.own_file and job.training_file == self.sought.platform_training_file

    def _passed_the_intent(self, items: Sequence[PlatformJob]) -> bool:
        """Tell whether the page ends before the intent; one that is not newest first shows no such thing."""
        times = [job.created_at for job in items if job.created_at is not None]
        newest_first = all(later >= earlier for later, earlier in pairwise(times))
        return newest_first and bool(times) and times[-1] < self.sought.intent_at - CLOCK_ALLOWANCE


def earliest(found: Sequence[PlatformJob]) -> tuple[PlatformJob, list[PlatformJob]]:
    """Return the job to keep, the one created first, and the others, which are to be cancelled."""
    ordered = sorted(found, key=lambda job: (job.created_at is None, job.created_at or 0, job.id))
    return ordered[0], ordered[1:]
