"""A job's history: how its lines are numbered and written together with the job."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    DateTime,
    ScalarSelect,
    Text,
    and_,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from db.models import JobEvent
from domain import jobs

_EVENT_COLUMNS: dict[str, Any] = {
    "ordinal": BigInteger, "level": Text, "kind": Text, "message": Text,
    "details": JSONB, "platform_event_id": Text, "created_at": DateTime(timezone=True),
}  # fmt: skip


def numbered(job_id: str, events: Sequence[jobs.NewEvent]) -> CTE:
    """Return the events that are not known yet, numbered: the platform tells its own again and again."""
    listed = [{"ordinal": number, **asdict(event)} for number, event in enumerate(events, 1)]
    told = (
        func.jsonb_to_recordset(bindparam("events", listed, JSONB))
        .table_valued(*(column(name, kind) for name, kind in _EVENT_COLUMNS.items()))
        .render_derived(name="told", with_types=True)
    )
    platform_id = told.c.platform_event_id
    known = exists().where(JobEvent.job_id == job_id, JobEvent.platform_event_id == platform_id)
    again = func.row_number().over(partition_by=platform_id, order_by=told.c.ordinal) > 1
    once = select(told, and_(platform_id.is_not(None), or_(known, again)).label("known")).subquery()
    place = func.row_number().over(order_by=once.c.ordinal).label("place")
    return select(place, once).where(~once.c.known).cte("new")


def appended(written: CTE, new: CTE, count: ScalarSelect[int]) -> CTE:
    """Return the statement that appends numbered events behind a job's last one, in the job's own write."""
    rows = select(
        written.c.id, written.c.sequence - count + new.c.place, new.c.level, new.c.kind,
        new.c.message, new.c.details, new.c.platform_event_id, func.coalesce(new.c.created_at, func.now()),
    ).join_from(written, new, true())  # fmt: skip
    names = ["job_id", "sequence", "level", "kind", "message", "details", "platform_event_id", "created_at"]
    return insert(JobEvent).from_select(names, rows).returning(JobEvent.job_id).cte("ev")
