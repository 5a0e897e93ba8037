"""Looking again at create calls whose fate is settled: what is due, and what is recorded of a look."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from db.queries import duplicates
from db.session import AnyRow, Session
from domain.duplicates import Dealt, Duplicate, Fate, LateLook, Verdict, gathering, told
from domain.platform import OptionalRoute, PlatformJob
from domain.reconciliation import Sought
from services import credentials, transitions

BATCH = 1000
"""Submissions that one reading of the list does for, at most."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Submissions of one account that are due, under one claim."""

    credential_id: str
    token: UUID
    looks: tuple[LateLook, ...]


async def claim(session: Session, *, lease: timedelta, checks: Sequence[timedelta]) -> Batch | None:
    """Claim what is due of the account that has waited longest; None if nothing is."""
    token = uuid4()
    rows = await duplicates.claim_due(
        session, token=token, lease=lease, gathering=gathering(checks), limit=BATCH
    )
    return Batch(rows[0].credential_id, token, tuple(map(_look, rows))) if rows else None


def _look(row: AnyRow) -> LateLook:
    return LateLook(
        submission_id=row.id,
        job_id=row.job_id,
        sought=Sought(row.marker, row.platform_training_file, row.own_file, row.intent_at),
        outcome=row.outcome,
        kept=row.kept,
        settled=row.settled,
        known=frozenset(row.duplicates),
        checks=row.checks,
        tries=row.check_tries,
    )


async def renew(session: Session, batch: Batch, *, lease: timedelta) -> None:
    """Prolong the claim, as often as something slow is about to be asked.

    Raises:
        ClaimLost: another worker looks at them now.
    """
    if not await duplicates.renew(session, token=batch.token, lease=lease):
        raise transitions.ClaimLost(batch.credential_id)


async def nobodys(session: Session, *, credential_id: str, found: Sequence[PlatformJob]) -> set[str]:
    """Return the platform's ids of those that stand behind no job of ours."""
    ids = {job.id for job in found}
    return ids - await duplicates.kept_jobs(session, credential_id=credential_id, platform_job_ids=list(ids))


async def surplus(session: Session, batch: Batch, found: Sequence[Duplicate]) -> list[Duplicate]:
    """Leave out what stands behind a job of ours after all, or has a file that other jobs have as well."""
    jobs = [duplicate.job for duplicate in found]
    free = await nobodys(session, credential_id=batch.credential_id, found=jobs)
    return [one for one in found if one.job.id in free and await _is_certain(session, one)]


async def _is_certain(session: Session, duplicate: Duplicate) -> bool:
    look = duplicate.look
    return duplicate.job.marker is not None or await duplicates.is_of_one_job(
        session, platform_training_file=look.sought.platform_training_file, job_id=look.job_id
    )


async def record(
    session: Session, *, credential_id: str, submission_id: str, job_id: str, dealt: Dealt
) -> bool:
    """Keep a duplicate's fate and say so in the job's history; tell whether it is news."""
    if dealt.lacks_route:
        await credentials.remember_routes(
            session, credential_id=credential_id, missing=[OptionalRoute.CANCEL]
        )
    news = await duplicates.remember_duplicate(
        session, submission_id=submission_id, platform_job_id=dealt.platform_job_id
    )
    if news:
        await transitions.note(session, job_id=job_id, events=[told(dealt)])
    return news


async def finish(session: Session, batch: Batch, verdicts: Sequence[Verdict]) -> Counter[Fate]:
    """Record what the looks of a batch came to; return the fates of the duplicates that were news.

    A duplicate is told of whoever holds the batch by now: it has been cancelled, and the next look would
    not find it any more. When to look again is for the holder to say.
    """
    news: Counter[Fate] = Counter()
    for verdict in verdicts:
        for dealt in verdict.final:
            look = verdict.look
            news[dealt.fate] += await record(
                session,
                credential_id=batch.credential_id,
                submission_id=look.submission_id,
                job_id=look.job_id,
                dealt=dealt,
            )
    held = await duplicates.finish_looks(
        session,
        token=batch.token,
        waits={verdict.look.submission_id: verdict.wait for verdict in verdicts},
        told={verdict.look.submission_id: verdict.doubt is None for verdict in verdicts},
    )
    for verdict in verdicts:
        if verdict.look.submission_id in held and (event := verdict.last_word) is not None:
            await transitions.note(session, job_id=verdict.look.job_id, events=[event])
    return news


async def hand_back(session: Session, batch: Batch) -> None:
    """Give up a batch that was cut short; no try is used up."""
    await duplicates.hand_back(session, token=batch.token)
