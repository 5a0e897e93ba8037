"""The platform's account: what each call's outcome means for it, who probes it, what its jobs are told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.queries import parked_jobs, parking
from db.session import Session
from domain import budget, retry
from domain.outcomes import Outcome, Retryable, Trouble
from domain.parking import (
    GOES_ON,
    LONGEST_REFUSAL,
    REFUSED,
    SETTLED,
    SPREAD,
    Probing,
    Reason,
    Standing,
    is_failure,
    says_nothing,
    throttled_wait,
)

BATCH = 500


@dataclass(frozen=True, slots=True)
class Probe:
    """A call that this worker alone may make now, to see whether the account can be used again."""

    claim: datetime
    failures: int


async def note_trouble(
    session: Session, *, name: str, call: str, outcome: Outcome[Any], probing: Probing
) -> None:
    """Record a call that brought no answer, was throttled, or was refused; others concern no account.

    Args:
        session: the transaction.
        name: the account.
        call: what was asked, of what; the same call failing again says nothing new.
        outcome: what came of it.
        probing: when to probe the account if this was one failure too many.
    """
    if is_failure(outcome):
        opens_at = retry.BREAKER_OPENS_AT
        wait = probing.after(opens_at)
        await parking.count_failure(session, name=name, call=call, opens_at=opens_at, wait=wait)
    elif isinstance(outcome, Retryable) and outcome.trouble is Trouble.THROTTLED:
        await _throttle(session, name, outcome)
    elif isinstance(outcome, Retryable) and outcome.trouble is Trouble.UNAUTHORIZED:
        words, again = _words(outcome), probing.before_doubting_again
        await parking.doubt_key(session, name=name, refusal=words, wait=probing.lease, again=again)


async def _throttle(session: Session, name: str, outcome: Retryable) -> None:
    await parking.throttle(
        session,
        name=name,
        wait=throttled_wait(outcome),
        least_share=budget.LEAST_SHARE,
        recovery=budget.RECOVERY_PER_SECOND,
    )


async def note_answer(session: Session, *, name: str) -> None:
    """Record that the platform answers; an open breaker closes."""
    await parking.note_answer(session, name=name, spread=SPREAD)


async def begin_probe(session: Session, *, name: str, probing: Probing) -> Probe | None:
    """Take the probe that is due, if one is; of all workers one gets it."""
    claimed = await parking.claim_probe(session, name=name, lease=probing.lease)
    return None if claimed is None else Probe(*claimed)


async def finish_probe(
    session: Session, probe: Probe, *, name: str, outcome: Outcome[Any], probing: Probing
) -> None:
    """Record what a probe came to. Any answer but a refusal of the key shows that the account is usable."""
    claim = probe.claim
    if is_failure(outcome) or says_nothing(outcome):
        wait = probing.after(probe.failures + 1)
        await parking.probe_failed(session, name=name, claim=claim, wait=wait, reason=Reason.UNAVAILABLE)
    elif isinstance(outcome, Retryable) and outcome.trouble is Trouble.THROTTLED:
        wait = throttled_wait(outcome)
        await _throttle(session, name, outcome)
        await parking.probe_failed(session, name=name, claim=claim, wait=wait, reason=Reason.THROTTLED)
    elif isinstance(outcome, Retryable):
        words, wait = _words(outcome), probing.of_refused_key
        await parking.probe_refused(session, name=name, claim=claim, refusal=words, wait=wait)
    else:
        await parking.probe_passed(session, name=name, claim=claim, spread=SPREAD)


def _words(outcome: Retryable) -> str:
    return outcome.reason[:LONGEST_REFUSAL]


async def tell_jobs(session: Session, standing: Standing) -> int:
    """Tell some jobs that the key is refused, or that it is taken again; return how many."""
    if standing.refused_at is not None:
        return await parked_jobs.tell_refused(session, name=standing.name, message=REFUSED, limit=BATCH)
    if not standing.told:
        return 0
    return await parked_jobs.tell_accepted(
        session, name=standing.name, message=GOES_ON, settled=SETTLED, spread=SPREAD, limit=BATCH
    )


async def standing(session: Session, *, name: str, fingerprint: bytes | None) -> Standing | None:
    """Return how an account stands; None if it has no row yet.

    The key in use is noted by its fingerprint: if it is another one than before, a probe is due at once.
    A worker gives it once, at its start: two workers with different keys would else take turns for ever.
    """
    return await parking.standing(session, name=name, fingerprint=fingerprint)


async def parked_accounts(session: Session) -> list[Standing]:
    """Return the accounts whose jobs wait."""
    return [each for each in await parking.standings(session) if each.reason is not None]
