"""The platform's account as all workers see it: breaker, refused key, throttling, and the jobs that wait.

An account's row is locked before a job's row only where the jobs are taken with SKIP LOCKED: what writes a
job locks the account behind it, and two that waited for each other would be a deadlock.
"""

from datetime import datetime, timedelta

from sqlalchemy import text

from db.session import Session
from domain.parking import Reason, Standing

# Only what is sent while the breaker is closed is counted: what was under way when it opened says nothing
# new. `parked_until` says the same to workers that do not know of probes yet.
_COUNT_FAILURE = text("""
    UPDATE platform_credentials
       SET failures = failures + 1, last_failed_call = :call,
           probe_at = CASE WHEN failures + 1 >= :opens_at THEN now() + :wait END,
           parked_reason = CASE WHEN failures + 1 >= :opens_at
                                     AND COALESCE(parked_until < now() + :wait, true)
                                THEN 'unavailable' ELSE parked_reason END,
           parked_until = CASE WHEN failures + 1 >= :opens_at
                               THEN GREATEST(parked_until, now() + :wait) ELSE parked_until END
     WHERE name = :name AND probe_at IS NULL AND last_failed_call IS DISTINCT FROM :call
    RETURNING probe_at IS NOT NULL""")


async def count_failure(
    session: Session, *, name: str, call: str, opens_at: int, wait: timedelta
) -> bool | None:
    """Count a call that brought no answer; with `opens_at` in a row a probe is due after `wait`.

    Returns:
        Whether the breaker opened; None if the failure is not counted.
    """
    values = {"name": name, "call": call, "opens_at": opens_at, "wait": wait}
    return (await session.execute(_COUNT_FAILURE, values)).scalar()


_UNPARKED = """
    parked_until = CASE WHEN probe_at IS NULL OR parked_reason = 'throttled' THEN parked_until END,
    parked_reason = CASE WHEN probe_at IS NULL OR parked_reason = 'throttled' THEN parked_reason END"""
# No more than a statement can write in time, for it is the one that unparks; the others are claimed as they
# are due, which budget and concurrency spread as well.
_LET_GO_ON = """
    UPDATE jobs SET next_step_at = now() + random() * CAST(:spread AS interval)
     WHERE id IN (SELECT jobs.id FROM jobs JOIN opened ON opened.id = jobs.credential_id
                   WHERE finished_at IS NULL AND state <> 'received'
                     AND (claimed_until IS NULL OR claimed_until < now()) AND next_step_at <= now()
                   LIMIT 500 FOR UPDATE OF jobs SKIP LOCKED)"""

# A key that was refused is not taken again because of an answer that was under way.
_ANSWERED = text(f"""
    WITH opened AS (
        SELECT id FROM platform_credentials
         WHERE name = :name AND probe_at IS NOT NULL AND refusal IS NULL
    ), closed AS (
        UPDATE platform_credentials
           SET failures = 0, last_failed_call = NULL, probe_at = NULL, {_UNPARKED}
         WHERE name = :name AND failures > 0 AND refusal IS NULL
    )
    {_LET_GO_ON}""")  # noqa: S608 - constants above


async def note_answer(session: Session, *, name: str, spread: timedelta) -> None:
    """Forget the failures in a row: there was an answer. An open breaker closes, and its jobs go on."""
    await session.execute(_ANSWERED, {"name": name, "spread": spread})


_DOUBT_KEY = text("""
    UPDATE platform_credentials
       SET refusal = :refusal, doubted_at = now(), probe_at = now(), parked_reason = 'unauthorized',
           parked_until = GREATEST(parked_until, now() + :wait)
     WHERE name = :name AND refusal IS NULL
       AND COALESCE(doubted_at < now() - CAST(:again AS interval), true)""")


async def doubt_key(session: Session, *, name: str, refusal: str, wait: timedelta, again: timedelta) -> None:
    """Note that a call was refused; a probe is due at once, and shows whether it is the key.

    A key that was doubted less than `again` ago, and taken since, is not doubted: one job that is refused
    time and again would park the account each time.
    """
    values = {"name": name, "refusal": refusal, "wait": wait, "again": again}
    await session.execute(_DOUBT_KEY, values)


# One 429 halves the rate, the others that were under way with it do not. It recovers from the parking's end.
_THROTTLE = text("""
    UPDATE platform_credentials
       SET rate_share = CASE WHEN parked_until > now() AND parked_reason = 'throttled' THEN rate_share
               ELSE GREATEST(:least_share, 0.5 * LEAST(1, rate_share + :recovery
                    * GREATEST(0, EXTRACT(epoch FROM now() - rate_share_at)))) END,
           rate_share_at = GREATEST(rate_share_at, now() + :wait),
           parked_reason = CASE WHEN COALESCE(parked_until < now() + :wait, true)
                                THEN 'throttled' ELSE parked_reason END,
           parked_until = GREATEST(parked_until, now() + :wait)
     WHERE name = :name""")


async def throttle(
    session: Session, *, name: str, wait: timedelta, least_share: float, recovery: float
) -> None:
    """Park the account after a 429; a longer parking stands, with its reason. Its rate halves.

    `recovery` is the share of the rate that comes back in a second.
    """
    values = {"name": name, "wait": wait, "least_share": least_share, "recovery": recovery}
    await session.execute(_THROTTLE, values)


_COLUMNS = """name, COALESCE(parked_until > now(), false), parked_until, parked_reason, probe_at, failures,
           refusal, refused_at,
           EXISTS (SELECT FROM jobs WHERE jobs.credential_id = credential.id
                      AND key_refused_at IS NOT NULL AND finished_at IS NULL)"""
_STANDINGS = text(f"SELECT {_COLUMNS} FROM platform_credentials AS credential ORDER BY name")  # noqa: S608 - constants


async def standings(session: Session) -> list[Standing]:
    """Return how every account stands."""
    return [Standing(*row) for row in await session.execute(_STANDINGS)]


# Another key than before is to be probed at once, if the one before was refused; what else the account is
# parked for does not concern the key.
_TAKE_KEY = text("""
    UPDATE platform_credentials
       SET probe_at = CASE WHEN key_fingerprint IS NOT NULL AND refusal IS NOT NULL THEN now()
                           ELSE probe_at END,
           parked_until = CASE WHEN key_fingerprint IS NULL OR parked_reason <> 'unauthorized'
                               THEN parked_until END,
           parked_reason = CASE WHEN key_fingerprint IS NULL OR parked_reason <> 'unauthorized'
                                THEN parked_reason END,
           doubted_at = CASE WHEN key_fingerprint IS NULL THEN doubted_at END,
           key_fingerprint = :fingerprint
     WHERE name = :name""")
_STANDING = text(f"""
    SELECT CAST(:fingerprint AS bytea) IS NULL OR key_fingerprint IS NOT DISTINCT FROM :fingerprint,
           {_COLUMNS}
      FROM platform_credentials AS credential WHERE name = :name""")  # noqa: S608 - constants above


async def standing(session: Session, *, name: str, fingerprint: bytes | None) -> Standing | None:
    """Return how an account stands, noting which key is used: another one than before is to be probed now.

    Without a `fingerprint` nothing is noted.
    """
    values = {"name": name, "fingerprint": fingerprint}
    row = (await session.execute(_STANDING, values)).first()
    if row is None:
        return None
    is_known, found = row[0], Standing(*row[1:])
    if is_known:
        return found
    await session.execute(_TAKE_KEY, values)
    return found if found.reason is None else Standing(*(await session.execute(_STANDING, values)).one()[1:])


_CLAIM_PROBE = text("""
    UPDATE platform_credentials SET probe_at = now() + :lease
     WHERE name = :name AND probe_at <= now() RETURNING probe_at, failures""")


async def claim_probe(session: Session, *, name: str, lease: timedelta) -> tuple[datetime, int] | None:
    """Take the one probe that is due, if one is.

    Returns:
        The claim, which the probe's outcome is recorded by, and the failures in a row so far.
    """
    row = (await session.execute(_CLAIM_PROBE, {"name": name, "lease": lease})).first()
    return None if row is None else (row[0], row[1])


_PROBE_PASSED = text(f"""
    WITH opened AS (
        UPDATE platform_credentials
           SET accepted_at = CASE WHEN refused_at IS NOT NULL THEN now() ELSE accepted_at END,
               failures = 0, last_failed_call = NULL, probe_at = NULL, refusal = NULL, refused_at = NULL,
               {_UNPARKED}
         WHERE name = :name AND probe_at = :claim
        RETURNING id
    )
    {_LET_GO_ON}""")  # noqa: S608 - constants above


async def probe_passed(session: Session, *, name: str, claim: datetime, spread: timedelta) -> None:
    """Let everything go on, each job at a moment of its own within `spread`."""
    await session.execute(_PROBE_PASSED, {"name": name, "claim": claim, "spread": spread})


_PROBE_REFUSED = text("""
    UPDATE platform_credentials
       SET refusal = :refusal, refused_at = COALESCE(refused_at, now()), failures = 0,
           probe_at = now() + :wait,
           parked_until = GREATEST(parked_until, now() + :wait), parked_reason = 'unauthorized'
     WHERE name = :name AND probe_at = :claim""")


async def probe_refused(
    session: Session, *, name: str, claim: datetime, refusal: str, wait: timedelta
) -> None:
    """Note that it is the key; the next probe is due after `wait`."""
    values = {"name": name, "claim": claim, "refusal": refusal, "wait": wait}
    await session.execute(_PROBE_REFUSED, values)


_PROBE_FAILED = text("""
    UPDATE platform_credentials
       SET failures = failures + 1, probe_at = now() + :wait,
           parked_reason = CASE WHEN COALESCE(parked_until < now() + :wait, true)
                                THEN :reason ELSE parked_reason END,
           parked_until = GREATEST(parked_until, now() + :wait)
     WHERE name = :name AND probe_at = :claim""")


async def probe_failed(
    session: Session, *, name: str, claim: datetime, wait: timedelta, reason: Reason
) -> None:
    """Note that a probe showed nothing; the next one is due after `wait`."""
    values = {"name": name, "claim": claim, "wait": wait, "reason": reason.value}
    await session.execute(_PROBE_FAILED, values)
