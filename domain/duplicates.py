"""Late duplicates: jobs that the platform made of a create call of ours and that we do not keep.

A create call is looked at again after its fate was settled, for the platform may accept late what it was
sent early. Only a marker, or a training file that was uploaded for one job alone, makes a job ours; and
without a marker it is nobody's to cancel while our job may still adopt it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from domain.jobs import NewEvent
from domain.platform import Page, PlatformJob
from domain.reconciliation import Reach, Reading, Sought, worth_a_look

MOST_TRIES: Final = 10
"""Looks that may come to nothing in a row; then the submission is given up, and that is counted and told."""
_MOST_DOUBLINGS: Final = 5


@dataclass(frozen=True, slots=True)
class LateLook:
    """A submission that is looked at again.

    Attributes:
        submission_id: The submission.
        job_id: Our job.
        sought: What identifies its jobs on the platform.
        outcome: What became of the create call.
        kept: The platform's id of the job that stands behind ours, if one does.
        settled: Our job has its platform job, or has ended: it will adopt none any more.
        known: The platform's ids of duplicates that were dealt with.
        checks: Looks that came to an end before this one.
        tries: Looks that were begun since then, this one included.
    """

    submission_id: str
    job_id: str
    sought: Sought
    outcome: str
    kept: str | None
    settled: bool
    known: frozenset[str]
    checks: int
    tries: int

    @property
    def was_unclear(self) -> bool:
        """Tell whether the platform never gave a readable answer to the create call itself."""
        return self.outcome not in {"created", "rejected"}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A job on the platform that one of our create calls made and that we do not keep."""

    look: LateLook
    job: PlatformJob


@dataclass(slots=True)
class DuplicateSearch:
    """One reading of the list for many submissions of one account."""

    looks: Sequence[LateLook]
    found: list[Duplicate] = field(default_factory=list)
    reading: Reading = field(init=False)
    _by_marker: dict[str, LateLook] = field(init=False)
    _by_file: dict[str, LateLook] = field(init=False)

    def __post_init__(self) -> None:
        self.reading = Reading(min(look.sought.intent_at for look in self.looks))
        self._by_marker = {look.sought.marker: look for look in self.looks}
        self._by_file = {
            look.sought.platform_training_file: look
            for look in self.looks
            if look.sought.own_file and look.settled
        }

    def read(self, page: Page[PlatformJob]) -> Reach:
        """Take in one page and say whether another is needed."""
        fresh, reach = self.reading.take(page)
        for job in fresh:
            look = self._look_of(job)
            # One that is cancelled by now as well: whoever did that may have died before it was told of.
            if look is not None and job.id != look.kept and job.id not in look.known:
                self.found.append(Duplicate(look, job))
        return reach

    def worth_a_look(self, job: PlatformJob) -> bool:
        """Tell whether to ask for a job by its id; whose the ones are that we keep is known."""
        return any(job.id != look.kept and worth_a_look(job, look.sought) for look in self.looks)

    def doubt(self, look: LateLook, reach: Reach) -> str | None:
        """Return why finding none means nothing after a reading that came this far; None if it does."""
        if look.sought.own_file and not look.settled:
            return "the job is still being submitted"
        return self.reading.doubt(reach, look.sought, look.kept)

    def _look_of(self, job: PlatformJob) -> LateLook | None:
        if job.marker is not None:
            return self._by_marker.get(job.marker)
        return self._by_file.get(job.training_file or "")


class Fate(StrEnum):
    """What became of a duplicate."""

    CANCELLED = "cancelled"
    ENDED = "ended"  # before it could be cancelled: it was paid for
    RUNNING = "running"  # it cannot be cancelled from here
    UNSURE = "unsure"  # the cancel has to be sent again


@dataclass(frozen=True, slots=True)
class Dealt:
    """A duplicate and its fate; `reason` says why it was not cancelled, for instance for want of a route."""

    platform_job_id: str
    fate: Fate
    reason: str = ""
    lacks_route: bool = False


def told(dealt: Dealt) -> NewEvent:
    """Return the line of our job's history about a duplicate."""
    id_ = dealt.platform_job_id
    begins = f"The platform ran a second job for this one, {id_}"
    details = {"platform_job_id": id_, "duplicate": dealt.fate.value}
    match dealt.fate:
        case Fate.CANCELLED:
            return NewEvent(f"{begins}; it was cancelled there", level="warn", details=details)
        case Fate.ENDED:
            text = f"{begins}; it had ended before it could be cancelled, and may have been billed"
            return NewEvent(text, level="warn", details=details)
        case Fate.RUNNING | Fate.UNSURE:
            text = (
                f"{begins}, and it could not be cancelled ({dealt.reason}). "
                f"It runs and costs money: cancel {id_} on the platform by hand"
            )
            return NewEvent(text, level="error", details=details)


def _given_up(look: LateLook, reason: str) -> NewEvent:
    """Return the line of a job's history whose submission was unclear and could not be looked after."""
    sought = look.sought
    file = f" or the training file {sought.platform_training_file}" if sought.own_file else ""
    keep = f" other than {look.kept}" if look.kept else ""
    text = (
        f"Whether the platform runs a second job for this one could not be found out ({reason}). "
        f"Look there for a job with the metadata tuneward={sought.marker}{file}{keep}, and cancel it"
    )
    return NewEvent(text, level="warn", details={"marker": sought.marker})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look came to.

    Attributes:
        look: The look.
        dealt: The duplicates it found.
        doubt: Why there may be more than it found; None if it could tell.
        wait: How long until the next look; None is never.
    """

    look: LateLook
    dealt: tuple[Dealt, ...]
    doubt: str | None
    wait: timedelta | None

    @property
    def end(self) -> str:
        """Name it for the metrics."""
        if self.doubt is None:
            return "looked"
        return "given_up" if self.wait is None else "put_off"

    @property
    def final(self) -> tuple[Dealt, ...]:
        """The duplicates that nobody will deal with again."""
        return tuple(dealt for dealt in self.dealt if dealt.fate is not Fate.UNSURE or self.end == "given_up")

    @property
    def last_word(self) -> NewEvent | None:
        """The line for a job whose submission was unclear and stays so; what was found has one of its own."""
        if self.end != "given_up" or self.dealt or not self.look.was_unclear:
            return None
        return _given_up(self.look, self.doubt or "")


def judge(look: LateLook, dealt: Sequence[Dealt], doubt: str | None, checks: Sequence[timedelta]) -> Verdict:
    """Decide when a submission is looked at again; `checks` are the times of all looks after its end."""
    unsure = [f"a cancel had no effect yet: {one.reason}" for one in dealt if one.fate is Fate.UNSURE]
    doubt = unsure[0] if unsure else doubt
    wait = _next_check(checks, look.checks + 1) if doubt is None else _next_try(checks, look.tries)
    return Verdict(look, tuple(dealt), doubt, wait)


def _next_check(checks: Sequence[timedelta], made: int) -> timedelta | None:
    return max(checks[made] - checks[made - 1], timedelta(0)) if made < len(checks) else None


def _next_try(checks: Sequence[timedelta], tries: int) -> timedelta | None:
    return checks[0] * 2 ** min(tries - 1, _MOST_DOUBLINGS) if tries < MOST_TRIES else None


def gathering(checks: Sequence[timedelta]) -> timedelta:
    """Return how long what is due waits for others, so that one reading of the list does for many."""
    return checks[0] / 4
