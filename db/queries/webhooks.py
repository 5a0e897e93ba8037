"""Endpoints, events, deliveries, attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, case, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from db.models import WebhookEndpoint
from db.session import Session
from domain.crashes import Crashes
from domain.outcomes import Attempted

_HIDDEN = text("hidden AND deleted_at IS NULL")


def _if_enabled(column: str, otherwise: Any) -> Any:
    return case((WebhookEndpoint.disabled_at.is_(None), getattr(WebhookEndpoint, column)), else_=otherwise)


async def ensure_hidden_endpoint(session: Session, *, endpoint_id: str, project_id: str, url: str) -> str:
    """Return the id of the hidden endpoint of this project and URL; it is there and enabled afterwards."""
    statement = insert(WebhookEndpoint).values(
        id=endpoint_id, project_id=project_id, name="webhook_url", url=url, hidden=True, event_types=[]
    )
    statement = statement.on_conflict_do_update(
        index_elements=[WebhookEndpoint.project_id, WebhookEndpoint.url],
        index_where=_HIDDEN,
        # Naming the URL again is consent to try it again: what disabled it is forgotten.
        set_={
            "disabled_at": None,
            "disabled_reason": None,
            "failing_since": _if_enabled("failing_since", None),
            "failures": _if_enabled("failures", 0),
            "resume_at": _if_enabled("resume_at", None),
        },
    )
    return (await session.execute(statement.returning(WebhookEndpoint.id))).scalar_one()


async def endpoints_to_tell(
    session: Session, *, project_id: str, event_type: str, own_endpoint_id: str | None
) -> list[str]:
    """Return the enabled endpoints that want this event: the subscribed ones, and the job's own."""
    subscribed = ~WebhookEndpoint.hidden & WebhookEndpoint.event_types.contains([event_type])
    statement = select(WebhookEndpoint.id).where(
        WebhookEndpoint.project_id == project_id,
        WebhookEndpoint.deleted_at.is_(None),
        WebhookEndpoint.disabled_at.is_(None),
        or_(subscribed, WebhookEndpoint.id == own_endpoint_id),
    )
    return list((await session.execute(statement)).scalars())


_ADD_EVENT = text("""
    WITH event AS (
        INSERT INTO webhook_events (id, project_id, type, object_id, sequence)
        VALUES (:event_id, :project_id, :type, :object_id, :sequence) RETURNING id
    )
    INSERT INTO webhook_deliveries (id, event_id, endpoint_id, body)
    SELECT delivery.id, event.id, delivery.endpoint_id, :body
      FROM event, unnest(CAST(:delivery_ids AS text[]), CAST(:endpoint_ids AS text[]))
               AS delivery (id, endpoint_id)""")


async def add_event(session: Session, **values: Any) -> None:
    """Insert an event and one delivery, with the frozen body, for each endpoint."""
    await session.execute(_ADD_EVENT, values)


@dataclass(frozen=True, slots=True)
class DueDelivery:
    """A claimed delivery with what one attempt needs; the secrets are still encrypted.

    `attempts` counts the tries since it was made, or since it was replayed; `read_at` is Postgres's clock.
    """

    id: str
    endpoint_id: str
    event_id: str
    attempts: int
    body: bytes
    url: str
    secret: bytes
    previous_secret: bytes | None
    read_at: datetime


# At most 20 rows of one endpoint in a claim, one if its breaker is open and a probe is due; none
# while it waits. The claim of a probe puts the next one off, so that one is on its way and no more: its
# outcome decides sooner, its worker's death not later than the lease. What makes a row due is asked again
# under its lock: it may have been tried and given back since the snapshot. The previous secret signs as
# well until it expires. What claims that ran out count for is as with jobs.
def _claim(*, suspects: bool) -> TextClause:
    narrowed = "AND crashes > 0" if suspects else ""  # what the partial index has
    order = "crashes DESC, next_attempt_at" if suspects else "next_attempt_at"
    statement = f"""
    WITH ready AS (
        SELECT delivery.id,
               row_number() OVER (PARTITION BY delivery.endpoint_id
                                      ORDER BY next_attempt_at, delivery.id) AS place,
               CASE WHEN endpoint.failures >= :breaker THEN 1 ELSE :per_endpoint END AS room
          FROM webhook_deliveries AS delivery
          JOIN webhook_endpoints AS endpoint ON endpoint.id = delivery.endpoint_id
         WHERE state = 'pending' AND next_attempt_at <= now()
           AND (claimed_until IS NULL OR claimed_until < now())
           AND (endpoint.resume_at IS NULL OR endpoint.resume_at <= now())
           AND endpoint.disabled_at IS NULL AND endpoint.deleted_at IS NULL
           AND crashes + (claimed_until IS NOT NULL)::int BETWEEN :least AND :most {narrowed}
    ), due AS (
        SELECT delivery.id, claimed_until IS NOT NULL AS abandoned
          FROM webhook_deliveries AS delivery JOIN ready ON ready.id = delivery.id
         WHERE place <= room AND state = 'pending' AND next_attempt_at <= now()
           AND (claimed_until IS NULL OR claimed_until < now())
           AND crashes + (claimed_until IS NOT NULL)::int BETWEEN :least AND :most
         ORDER BY {order} LIMIT :limit FOR UPDATE OF delivery SKIP LOCKED
    ), probed AS (
        UPDATE webhook_endpoints AS endpoint SET resume_at = now() + :lease
          FROM due JOIN webhook_deliveries AS delivery ON delivery.id = due.id
         WHERE endpoint.id = delivery.endpoint_id AND endpoint.failures >= :breaker
    )
    UPDATE webhook_deliveries AS delivery
       SET claim_token = :token, claimed_until = now() + :lease, crashes = crashes + due.abandoned::int
      FROM due, webhook_endpoints AS endpoint, projects AS project
     WHERE delivery.id = due.id AND endpoint.id = delivery.endpoint_id AND project.id = endpoint.project_id
    RETURNING delivery.id, endpoint.id, delivery.event_id, attempts - schedule_start, body, url,
              COALESCE(endpoint.secret, project.webhook_secret),
              CASE WHEN endpoint.hidden AND project.previous_secret_expires_at > now()
                        THEN project.previous_webhook_secret
                   WHEN endpoint.previous_secret_expires_at > now() THEN endpoint.previous_secret END,
              now()"""  # noqa: S608 - only constants are put together here
    return text(statement)


_CLAIM = {suspects: _claim(suspects=suspects) for suspects in (False, True)}


async def claim_due_deliveries(
    session: Session,
    *,
    token: UUID,
    lease: timedelta,
    limit: int,
    per_endpoint: int,
    breaker: int,
    crashes: Crashes,
) -> list[DueDelivery]:
    """Claim up to `limit` deliveries with that many crashes that are due and whose endpoint may be tried."""
    values = {
        "token": token, "lease": lease, "limit": limit, "per_endpoint": per_endpoint, "breaker": breaker,
        "least": crashes.least, "most": crashes.most,
    }  # fmt: skip
    return [DueDelivery(*row) for row in await session.execute(_CLAIM[crashes.least > 1], values)]


# Three rows in one statement, all behind the claim's fence: the delivery, its attempt, its endpoint. The
# endpoint is judged as it is now, locked behind its delivery as in a claim: other tries have ended since
# this one was claimed. One that has moved to another URL has no part in what the old one answered, and a
# success says nothing new about one that works: neither is locked.
_FINISH = text("""
    WITH held AS (
        SELECT id, endpoint_id FROM webhook_deliveries
         WHERE id = :delivery_id AND claim_token = :token FOR NO KEY UPDATE
    ), judged AS (
        SELECT endpoint.id,
               CASE WHEN :gone THEN CAST(:reason_gone AS text)
                    WHEN NOT :delivered AND failing_since < now() - CAST(:patience AS interval)
                         THEN CAST(:reason_failing AS text) END AS disable
          FROM held JOIN webhook_endpoints AS endpoint ON endpoint.id = held.endpoint_id
         WHERE endpoint.url = :url AND (NOT :delivered OR failures > 0)
           FOR NO KEY UPDATE OF endpoint
    ), verdict AS (
        SELECT held.id, CASE WHEN :gone AND judged.id IS NOT NULL THEN 'exhausted' ELSE :state END AS state
          FROM held LEFT JOIN judged ON true
    ), delivery AS (
        UPDATE webhook_deliveries AS delivery
           SET attempts = attempts + 1, claim_token = NULL, claimed_until = NULL, crashes = 0,
               state = verdict.state,
               next_attempt_at = CASE WHEN verdict.state = 'pending' THEN now() + CAST(:wait AS interval) END,
               delivered_at = CASE WHEN :delivered THEN now() END
          FROM verdict
         WHERE delivery.id = verdict.id
        RETURNING delivery.id, attempts
    ), attempt AS (
        INSERT INTO webhook_attempts
               (id, delivery_id, number, started_at, duration_ms, status, answer, error)
        SELECT :attempt_id, id, attempts, now() - CAST(:duration AS interval), :duration_ms,
               CAST(:status AS bigint), :answer, :error
          FROM delivery
    ), endpoint AS (
        UPDATE webhook_endpoints AS endpoint
           SET failures = CASE WHEN :delivered THEN 0 ELSE failures + 1 END,
               failing_since = CASE WHEN NOT :delivered THEN COALESCE(failing_since, now()) END,
               resume_at = CASE WHEN NOT :delivered THEN
                   now() + (CAST(:breaker_waits AS interval[]))[LEAST(failures + 1, :longest)] END,
               disabled_at = CASE WHEN judged.disable IS NULL THEN disabled_at ELSE now() END,
               disabled_reason = COALESCE(judged.disable, disabled_reason)
          FROM judged
         WHERE endpoint.id = judged.id
    )
    SELECT id FROM delivery""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """When an endpoint is disabled: at a 410, and at a failure after `failing` without a success; and why."""

    reason_gone: str
    failing: timedelta
    reason_failing: str


async def finish_attempt(
    session: Session,
    *,
    delivery_id: str,
    url: str,
    token: UUID,
    attempt_id: str,
    attempted: Attempted,
    wait: timedelta | None,
    breaker_waits: Sequence[timedelta | None],
    patience: Patience,
) -> bool:
    """Record one try of `url`; tell whether the claim was still ours.

    A 410 ends the delivery if `url` is still its endpoint's; any other failure if `wait`, the time until
    the next try, is None. `breaker_waits` has the wait after one failure in a row, after two and so on; the
    last one for all more.
    """
    values: Mapping[str, Any] = {
        "delivery_id": delivery_id,
        "url": url,
        "token": token,
        "attempt_id": attempt_id,
        "state": "delivered" if attempted.delivered else "exhausted" if wait is None else "pending",
        "wait": wait,
        "duration": attempted.duration,
        "duration_ms": round(attempted.duration / timedelta(milliseconds=1)),
        "status": attempted.status,
        "answer": attempted.answer,
        "error": attempted.error,
        "delivered": attempted.delivered,
        "gone": attempted.gone,
        "breaker_waits": list(breaker_waits),
        "longest": len(breaker_waits),
        "patience": patience.failing,
        "reason_gone": patience.reason_gone,
        "reason_failing": patience.reason_failing,
    }
    return (await session.execute(_FINISH, values)).first() is not None


_RENEW = text("""
    UPDATE webhook_deliveries AS delivery SET claimed_until = now() + :lease
      FROM unnest(CAST(:delivery_ids AS text[]), CAST(:tokens AS uuid[])) AS held (id, token)
     WHERE delivery.id = held.id AND claim_token = held.token
    RETURNING delivery.id""")


async def renew_deliveries(session: Session, *, claims: Mapping[str, UUID], lease: timedelta) -> set[str]:
    """Prolong claims that are still ours; return the ids that were."""
    values = {"delivery_ids": list(claims), "tokens": list(claims.values()), "lease": lease}
    return set((await session.execute(_RENEW, values)).scalars())


_HAND_BACK = text("""
    UPDATE webhook_deliveries SET claim_token = NULL, claimed_until = NULL
     WHERE id = ANY(:delivery_ids) AND claim_token = :token""")


async def hand_back_deliveries(session: Session, *, delivery_ids: Sequence[str], token: UUID) -> None:
    """Give claims back without using up a try."""
    await session.execute(_HAND_BACK, {"delivery_ids": list(delivery_ids), "token": token})


_EXHAUST_UNREACHABLE = text("""
    UPDATE webhook_deliveries AS delivery
       SET state = 'exhausted', next_attempt_at = NULL, claim_token = NULL, claimed_until = NULL
      FROM webhook_endpoints AS endpoint
     WHERE endpoint.id = delivery.endpoint_id AND delivery.state = 'pending'
       AND (endpoint.disabled_at IS NOT NULL OR endpoint.deleted_at IS NOT NULL)
       AND (delivery.claimed_until IS NULL OR delivery.claimed_until < now())""")


async def exhaust_unreachable(session: Session) -> int:
    """End the deliveries of endpoints that were disabled or deleted; return how many."""
    return (await session.execute(_EXHAUST_UNREACHABLE)).rowcount
