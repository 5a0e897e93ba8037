"""Uploads to the platform whose files nobody uses: orphans are looked for, copies of ended jobs let go."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog

from db.queries import files, platform_uploads
from db.session import Session
from domain import parking
from domain.outcomes import Answered, NotFound, NotOffered, Outcome, Retryable, Trouble
from domain.platform import OptionalRoute
from domain.platform_uploads import GIVE_UP_AFTER, ROUTE_AGAIN, SoughtUpload, next_look, next_try
from services import credentials

LOOK_LEASE = timedelta(minutes=2)
MOST_AT_ONCE = 500
SPENT_AT_ONCE = 20
"""Copies looked at in one run, so that no burst of deletions keeps the jobs from the platform."""
DELETION = (OptionalRoute.FILE_DELETION,)
SEARCH = (OptionalRoute.FILE_LIST, *DELETION)

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Look:
    """What a look at the platform's files came to, by upload.

    Attributes:
        deleted: The platform's id of the file that was deleted.
        used: The platform's id of a file that something of ours names after all.
        doubt: Why nothing is known of the others; None if they certainly have no file there now.
        lacking: The route the platform turned out not to have.
    """

    deleted: dict[str, str] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    doubt: Retryable | NotOffered | None = None
    lacking: OptionalRoute | None = None


@dataclass(frozen=True, slots=True)
class SpentCopy:
    """A file on the platform that was used and is needed no more."""

    upload_id: str
    credential_id: str
    platform_file_id: str


async def schedule_looks(session: Session, *, checks: Sequence[timedelta]) -> int:
    """Make uploads that came to nothing, or whose claim is over, due for a look; return how many."""
    return await platform_uploads.schedule_looks(session, first_look=checks[0])


async def claim_due(session: Session) -> Mapping[str, Sequence[SoughtUpload]]:
    """Return the uploads that are due, by credential; one reading of the list serves all of one."""
    due = await platform_uploads.claim_due(session, lease=LOOK_LEASE, limit=MOST_AT_ONCE)
    return {
        credential_id: [upload for upload in due if upload.credential_id == credential_id]
        for credential_id in {upload.credential_id for upload in due}
    }


async def lacks_routes(
    session: Session, *, credential_id: str, of: Sequence[OptionalRoute]
) -> OptionalRoute | None:
    """Return one of these routes that the platform is known to lack, if it does."""
    missing = await credentials.missing_routes(session, credential_id=credential_id)
    return next((route for route in of if route in missing), None)


async def named_files(session: Session, *, platform_file_ids: Collection[str]) -> set[str]:
    """Return those of the platform's files that a job or a copy of ours names: these are not orphans."""
    if not platform_file_ids:
        return set()
    return await platform_uploads.named_files(session, platform_file_ids=platform_file_ids)


async def finish_look(
    session: Session, uploads: Sequence[SoughtUpload], look: Look, *, checks: Sequence[timedelta]
) -> Counter[str]:
    """Record a look at the platform for uploads of one credential; return how many came to what."""
    credential_id = uploads[0].credential_id
    if look.lacking is not None:
        await credentials.remember_routes(session, credential_id=credential_id, missing=[look.lacking])
    at_least = _account_waits(look.doubt)
    counts: Counter[str] = Counter()
    for upload in uploads:
        wait, changes = _came_to(upload, look, checks, at_least)
        if await platform_uploads.record_look(session, upload, wait=wait, **changes):
            counts[changes.get("outcome", "looked")] += 1
            _tell_given_up(upload, changes)
    return counts


def _account_waits(doubt: Retryable | NotOffered | None) -> timedelta:
    """Return how long there is nothing to learn: the account is parked, or the route missing."""
    if isinstance(doubt, NotOffered):
        return ROUTE_AGAIN
    if doubt is not None and doubt.trouble is Trouble.THROTTLED:
        return parking.throttled_wait(doubt)
    if doubt is not None and doubt.trouble is Trouble.UNAUTHORIZED:
        return parking.REFUSED_WAIT
    return timedelta(0)


def _came_to(
    upload: SoughtUpload, look: Look, checks: Sequence[timedelta], at_least: timedelta
) -> tuple[timedelta | None, dict[str, Any]]:
    """Return the wait before the next look, None for no other, and the columns to set."""
    if upload.id in look.deleted:
        return None, {"outcome": "deleted", "platform_file_id": look.deleted[upload.id]}
    if upload.id in look.used:
        return None, {"outcome": "used", "platform_file_id": look.used[upload.id]}
    if look.doubt is None:
        looks = upload.looks + 1
        wait = next_look(checks, looks)
        return wait, {"looks": looks} | ({"outcome": "absent"} if wait is None else {})
    return _doubtful(upload, look.doubt, at_least)


def _doubtful(
    upload: SoughtUpload, doubt: Retryable | NotOffered, at_least: timedelta
) -> tuple[timedelta | None, dict[str, Any]]:
    reason = doubt.reason if isinstance(doubt, Retryable) else doubt.message
    changes: dict[str, Any] = {"doubts": upload.doubts + 1, "detail": reason}
    wait = next_try(upload)
    if wait is None:
        return None, changes | {"outcome": "given_up"}
    return max(wait, at_least), changes


def _tell_given_up(upload: SoughtUpload, changes: Mapping[str, Any]) -> None:
    if changes.get("outcome") == "given_up":
        _log.warning(
            "a file may lie on the platform that nobody uses; look there for a name with this upload's id",
            platform_upload_id=upload.id,
            reason=changes["detail"],
        )


async def claim_spent(session: Session, *, checks: Sequence[timedelta]) -> list[SpentCopy]:
    """Return copies that nothing needs, of jobs that ended so long ago that no late duplicate comes."""
    found = await platform_uploads.claim_spent(
        session, unneeded_for=max(checks) * 1.5, patience=GIVE_UP_AFTER, limit=SPENT_AT_ONCE
    )
    return [SpentCopy(*row) for row in found]


async def finish_spent(session: Session, copy: SpentCopy, outcome: Outcome[None]) -> None:
    """Record what the platform said to the deletion of a copy."""
    match outcome:
        case Answered() | NotFound():
            await platform_uploads.record_spent(session, upload_id=copy.upload_id)
            gone = files.forget_platform_files(
                credential_id=copy.credential_id, platform_file_ids=[copy.platform_file_id]
            )
            await session.execute(gone)
        case NotOffered():
            missing = [OptionalRoute.FILE_DELETION]
            await credentials.remember_routes(session, credential_id=copy.credential_id, missing=missing)
        case _:  # it is asked for again
            pass
