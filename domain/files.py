"""A file as everybody but the database sees it, and what a client may say about one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.errors import InvalidRequest
from domain.wording import as_written

UPLOADABLE: Final = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
PURPOSES: Final = (*UPLOADABLE, "assistants_output", "batch_output", "fine-tune-results")
TRAINING: Final = "fine-tune"
RESULTS: Final = "fine-tune-results"
SHOWN_AS: Final = {"evals": "user_data"}
"""OpenAI takes `evals` from clients, but its File has no such purpose, and a strict client breaks on it."""
SHORTEST_LIFE: Final = timedelta(hours=1)
LONGEST_LIFE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One row of `files`. `size` is in bytes; `status` is uploaded, processed or error.

    `training_blob_key` and `training_size` are those of the copy that jobs train on, where there is one.
    """

    id: str
    project_id: str
    filename: str
    purpose: str
    size: int
    sha256: bytes
    blob_key: str
    training_blob_key: str | None
    training_size: int | None
    status: str
    status_details: str | None
    examples: int | None
    created_at: datetime
    expires_at: datetime | None


def shown_purpose(purpose: str) -> str:
    """Return the purpose that a file of this purpose is shown with."""
    return SHOWN_AS.get(purpose, purpose)


def purposes_of(filter_: str) -> frozenset[str]:
    """Return the purposes of the files that a list of this purpose gives; none if there is no such one."""
    return frozenset(purpose for purpose in PURPOSES if filter_ in {purpose, shown_purpose(purpose)})


def check_purpose(purpose: str) -> str:
    """Return the purpose of an upload.

    Raises:
        InvalidRequest: there is no such purpose, or only we may use it.
    """
    if purpose not in UPLOADABLE:
        message = f"Invalid purpose: {as_written(purpose)} is none of {', '.join(UPLOADABLE)}."
        raise InvalidRequest(message, param="purpose")
    return purpose


def life_of(fields: Mapping[str, str]) -> timedelta | None:
    """Return how long a file shall be kept, from the form fields `expires_after[…]`; None is for ever.

    Raises:
        InvalidRequest: the anchor is not `created_at`, or the seconds are out of range.
    """
    anchor, seconds = fields.get("expires_after[anchor]"), fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return None
    if anchor is None:
        raise _missing("anchor")
    if anchor != "created_at":
        message = f"Invalid expires_after.anchor: {as_written(anchor)}; it can only be 'created_at'."
        raise InvalidRequest(message, param="expires_after.anchor")
    if seconds is None:
        raise _missing("seconds")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10):  # noqa: PLR2004 - digits of the longest life, and some
        raise _bad_seconds(seconds)
    life = timedelta(seconds=int(seconds))
    if not SHORTEST_LIFE <= life <= LONGEST_LIFE:
        raise _bad_seconds(seconds)
    return life


def _missing(name: str) -> InvalidRequest:
    param = f"expires_after.{name}"
    message = (
        f"Missing required parameter: {param}. Send both expires_after[anchor] and expires_after[seconds]."
    )
    return InvalidRequest(message, param=param, code="missing_required_parameter")


def _bad_seconds(seconds: str) -> InvalidRequest:
    low, high = (int(life.total_seconds()) for life in (SHORTEST_LIFE, LONGEST_LIFE))
    message = (
        f"Invalid expires_after.seconds: {as_written(seconds)} is not a whole number from {low} to {high}."
    )
    return InvalidRequest(message, param="expires_after.seconds")
