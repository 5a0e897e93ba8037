"""How a row of `jobs` becomes a `domain.jobs.Job`: one list of columns for every reader."""

from dataclasses import fields
from typing import Any

from sqlalchemy import DateTime, func, literal_column
from sqlalchemy.dialects.postgresql import JSONB

from db.models import Job
from domain import jobs
from domain.job_state import nearest_state

_ATTRIBUTES = {"metadata": "metadata_"}
_READ_AT = "read_at"
_FIELDS = [field.name for field in fields(jobs.Job) if field.name != _READ_AT]

COLUMNS = (
    *(getattr(Job, _ATTRIBUTES.get(name, name)).label(name) for name in _FIELDS),
    func.now().label(_READ_AT),
)
LISTED = tuple(
    literal_column("'{}'::jsonb", JSONB).label("extra") if column.name == "extra" else column
    for column in COLUMNS
)
"""For pages: without `extra`, which nobody is shown and which may be long."""
NAMES = ", ".join([*_FIELDS, f"now() AS {_READ_AT}"])
TYPES = {
    **{name: getattr(Job, _ATTRIBUTES.get(name, name)).type for name in _FIELDS},
    _READ_AT: DateTime(timezone=True),
}
QUALIFIED_NAMES = ", ".join([*(f"jobs.{name}" for name in _FIELDS), f"now() AS {_READ_AT}"])

USABLE_FILE = (
    "purpose = 'fine-tune' AND status <> 'error' AND deleted_at IS NULL"
    " AND (expires_at IS NULL OR expires_at > now())"
)


def job_of(row: Any) -> jobs.Job:
    """Build the frozen value from a row with the columns of `NAMES`."""
    values = dict(row._mapping)  # noqa: SLF001 - the documented name of a row's mapping
    values["state"] = nearest_state(
        values["state"],
        finished=values["finished_at"] is not None,
        has_model=values["fine_tuned_model"] is not None,
        has_error=values["error_code"] is not None,
    )
    return jobs.Job(**values)
