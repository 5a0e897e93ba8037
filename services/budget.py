"""Requests to the platform, taken from the account's budget a second at a time."""

from dataclasses import dataclass

from db.queries import budget as queries
from db.session import Session
from domain import budget


@dataclass(frozen=True, slots=True)
class Lease:
    """Requests that may be sent within a second; `troubled` if the account has failures in a row."""

    count: int
    troubled: bool


async def lease(session: Session, *, name: str, rate: float, wanted: int, unused: int, urgent: bool) -> Lease:
    """Take up to `wanted` requests; an urgent one, a create or a cancel, may use the reserve."""
    row = await queries.lease(
        session,
        name=name,
        rate=rate,
        wanted=wanted,
        unused=unused,
        urgent=urgent,
        reserved=budget.RESERVED,
        least_capacity=budget.LEAST_CAPACITY,
        recovery=budget.RECOVERY_PER_SECOND,
    )
    return Lease(wanted, troubled=False) if row is None else Lease(int(row[0]), bool(row[1]))
