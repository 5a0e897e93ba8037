"""Rows as OpenAI writes them."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from simulator import life
from simulator.rows import Doom, FileRow, JobRow

Json = dict[str, Any]
ORGANIZATION = "org-xpulink"


def file(row: FileRow) -> Json:
    """Write a File."""
    return {
        "id": row.id,
        "object": "file",
        "bytes": row.bytes,
        "created_at": int(row.created),
        "filename": row.filename,
        "purpose": row.purpose,
        "status": "processed",
    }


def job(row: JobRow, now: float) -> Json:
    """Write a Job as it stands now."""
    status, end = life.status(row, now), life.ended(row, now)
    succeeded = status == "succeeded"
    return {
        "id": row.id,
        "object": "fine_tuning.job",
        "created_at": int(row.created),
        "model": row.model,
        "organization_id": ORGANIZATION,
        "status": status,
        "error": _error(row.doom) if status == "failed" and row.doom else None,
        "fine_tuned_model": row.fine_tuned_model if succeeded else None,
        "finished_at": None if end is None else int(end),
        "estimated_finish": int(life.moment(row, 1.0)) if end is None else None,
        "hyperparameters": row.hyperparameters,
        "training_file": row.training_file,
        "validation_file": row.validation_file,
        "result_files": [row.result_file] if succeeded else [],
        "trained_tokens": row.tokens * row.hyperparameters["n_epochs"] if succeeded else None,
        "seed": row.seed,
        "integrations": row.integrations,
        "metadata": row.metadata,
        **_method(row),
    }


def _error(doom: Doom) -> Json:
    return {"code": doom.code, "message": doom.message, "param": doom.param}


def _method(row: JobRow) -> Json:
    if row.method is None:
        return {}
    return {"method": {"type": row.method, row.method: {"hyperparameters": row.hyperparameters}}}


def model(name: str, created: float, owner: str = "xpulink") -> Json:
    """Write a Model."""
    return {"id": name, "object": "model", "created": int(created), "owned_by": owner}


def page(items: Iterable[Json], limit: int) -> Json:
    """Write the first `limit` of the items as a list, and whether there are more."""
    found = list(islice(items, limit + 1))
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit}


def behind(items: list[Json], after: str | None) -> Iterable[Json]:
    """Drop the items up to the one named `after`; nothing is behind one that is not there."""
    if after is None:
        return items
    places = (place for place, item in enumerate(items) if item["id"] == after)
    place = next(places, len(items))
    return items[place + 1 :]


def ends(listed: Json, nothing: str | None) -> Json:
    """Add `first_id` and `last_id` to a page; `nothing` stands where it is empty."""
    ids = [item["id"] for item in listed["data"]]
    return {**listed, "first_id": ids[0] if ids else nothing, "last_id": ids[-1] if ids else nothing}
