"""Uploads to the platform whose fate is unknown: the name that tells whose a file is, and the look for it.

Each file travels under a name that carries the id of its intent, so that it can be found in the platform's
list when the answer was lost. Platforms may rewrite names; what is matched is the id alone, in either case
and whatever parts it from its prefix.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from domain import ids
from domain.platform import Page, PlatformFile
from domain.reconciliation import CLOCK_ALLOWANCE, Reach

GIVE_UP_AFTER: Final = timedelta(days=3)
"""How long a file is sought on a platform that does not let us find out; then the attempt is given up."""
ROUTE_AGAIN: Final = timedelta(days=1)
DOUBT_FIRST: Final = timedelta(minutes=1)
DOUBT_LONGEST: Final = timedelta(hours=1)
MOST_READABLE: Final = 24
"""Characters of the user's own filename that are kept: too few to hold the id of another upload."""

_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}")
_CARRIED = re.compile(rf"pu[^0-9a-z]?([{ids.ALPHABET}]{{{ids.ULID_LENGTH}}})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SoughtUpload:
    """An upload whose file, if there is one, nobody uses. `age` counts from `begun_at`."""

    id: str
    credential_id: str
    begun_at: datetime
    age: timedelta
    looks: int
    doubts: int


def platform_filename(filename: str, upload_id: str) -> str:
    """Return the name under which a file goes to the platform: `train.pu_01k….jsonl`, in plain ASCII."""
    stem, _, extension = filename.rpartition(".")
    if not _EXTENSION.fullmatch(extension) or not stem:
        stem, extension = filename, "jsonl"
    readable = _UNSAFE.sub("-", stem).strip("-")[:MOST_READABLE].strip("-") or "file"
    return f"{readable}.{upload_id}.{extension}"


def carried_upload_id(filename: str | None) -> str | None:
    """Return the id of the upload that a name on the platform carries, None if it carries none."""
    found = _CARRIED.search(filename or "")
    return None if found is None else ids.PLATFORM_UPLOAD + found[1].lower()


@dataclass(slots=True)
class FileSearch:
    """A reading of the platform's files, newest first, for those of some uploads."""

    sought: frozenset[str]
    since: datetime
    found: list[tuple[str, str]] = field(default_factory=list)
    """Upload and the platform's id of its file."""
    seen: set[str] = field(default_factory=set)
    unreadable: int = 0

    @classmethod
    def of(cls, uploads: Iterable[SoughtUpload]) -> "FileSearch":
        """Look for all of these in one reading."""
        begun = {upload.id: upload.begun_at for upload in uploads}
        return cls(frozenset(begun), min(begun.values()))

    def read(self, page: Page[PlatformFile]) -> Reach:
        """Take in one page and say whether another is needed."""
        fresh = [file for file in page.items if file.id not in self.seen]
        self.seen.update(file.id for file in fresh)
        for file in fresh:
            carried = carried_upload_id(file.filename)
            if carried in self.sought:
                self.found.append((carried, file.id))
        self.unreadable += page.skipped + sum(file.filename is None for file in fresh)
        if page.has_more is False or self._passed_the_first(page.items):
            return Reach.ENOUGH
        return Reach.MORE if fresh else Reach.SHORT

    def doubt(self, reach: Reach) -> str | None:
        """Return why not finding a file means nothing after a reading that came this far; None if it does."""
        if reach is not Reach.ENOUGH:
            return "the platform's list of files could not be read far enough"
        if self.unreadable:
            return "the platform's list holds files that cannot be read, or without a name"
        return None

    def _passed_the_first(self, items: Sequence[PlatformFile]) -> bool:
        """Tell whether the page, newest first, ends before the first of the uploads began."""
        times = [file.created_at for file in items if file.created_at is not None]
        newest_first = all(later >= earlier for later, earlier in pairwise(times))
        return newest_first and bool(times) and times[-1] < self.since - CLOCK_ALLOWANCE


def next_look(checks: Sequence[timedelta], looks: int) -> timedelta | None:
    """Return the wait from look number `looks` (from 1) to the next one, None after the last."""
    return checks[looks] - checks[looks - 1] if looks < len(checks) else None


def next_try(upload: SoughtUpload) -> timedelta | None:
    """Return the wait after a look that could not tell, None if it is not worth another."""
    if upload.age >= GIVE_UP_AFTER:
        return None
    return min(DOUBT_LONGEST, DOUBT_FIRST * (1 << min(upload.doubts, 6)))
