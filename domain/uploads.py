"""An upload: a file that is announced first and arrives in parts, and what parts may make it up."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.errors import (
    InvalidRequest,
    UploadCancelled,
    UploadCompleted,
    UploadCompleting,
    UploadExpired,
)
from domain.files import File

PART_BYTES: Final = 64 * 1024**2
"""The longest part: what OpenAI's SDK cuts a file into."""
MOST_PARTS: Final = 10_000
LIFE: Final = timedelta(hours=1)
"""How long parts may be added, from the creation on."""
LEASE: Final = timedelta(seconds=60)
"""How long a complete that is heard of no more keeps an upload to itself."""
COMPLETING_WAIT: Final = timedelta(seconds=3)
"""How long a client is told to wait for the complete of another request."""


class UploadStatus(StrEnum):
    """Where an upload stands."""

    PENDING = "pending"
    COMPLETING = "completing"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED: Final = (UploadStatus.COMPLETED, UploadStatus.CANCELLED, UploadStatus.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One row of `uploads`, as Postgres's clock saw it. `size` is the number of bytes announced.

    `file` is the file that came of it, None before that and once it was deleted. `held` tells whether
    a complete is under way that may still be alive.
    """

    id: str
    project_id: str
    filename: str
    purpose: str
    size: int
    file_life: timedelta | None
    max_invalid_ratio: float | None = None
    status: UploadStatus
    created_at: datetime
    expires_at: datetime
    over: bool
    held: bool
    part_count: int
    received: int
    attempts: int
    order_sha256: bytes | None
    file: File | None

    @property
    def stands(self) -> UploadStatus:
        """Return the status as it is now: a claim that ran out and a life that is over both count."""
        if self.status in ENDED or (self.status is UploadStatus.COMPLETING and self.held):
            return self.status
        return UploadStatus.EXPIRED if self.over else UploadStatus.PENDING

    @property
    def shown_status(self) -> str:
        """Return the word of OpenAI's that fits; it has none for a complete under way."""
        stands = self.stands
        return (UploadStatus.PENDING if stands is UploadStatus.COMPLETING else stands).value

    @property
    def largest_part(self) -> int:
        """How many bytes a part may have: never more than the whole."""
        return min(PART_BYTES, self.size)

    @property
    def most_received(self) -> int:
        """How many bytes all parts may have: the file twice, since parts are sent again, and one more part.

        It keeps an upload of one byte from filling the storage.
        """
        return 2 * self.size + PART_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One row of `upload_parts` whose bytes arrived whole."""

    id: str
    upload_id: str
    size: int
    md5: bytes
    created_at: datetime


def being_completed() -> UploadCompleting:
    """Return the refusal of whatever meets a complete under way."""
    return UploadCompleting(param="upload_id", retry_after=COMPLETING_WAIT)


_ENDED_AS: Final = {
    UploadStatus.COMPLETED: UploadCompleted,
    UploadStatus.CANCELLED: UploadCancelled,
    UploadStatus.EXPIRED: UploadExpired,
}


def demand_open(upload: Upload) -> None:
    """Return if parts may be added to an upload, and it be completed or cancelled.

    Raises:
        Conflict: it ended, or it is being completed; the class says which.
    """
    stands = upload.stands
    if stands is UploadStatus.COMPLETING:
        raise being_completed()
    if stands in _ENDED_AS:
        raise _ENDED_AS[stands](param="upload_id")


def check_order(part_ids: Sequence[str], sizes: Mapping[str, int], *, announced: int) -> None:
    """Return if these parts, in this order, can be the file that was announced.

    Args:
        part_ids: what the client named.
        sizes: the bytes of each part of the upload that arrived whole, by id.
        announced: the bytes the whole was announced with.

    Raises:
        InvalidRequest: a part is named twice or is none of this upload's, or they add up to another size.
    """
    seen: set[str] = set()
    for part_id in part_ids:
        if part_id not in sizes:
            raise _bad_order(f"{part_id!r:.80} is no part of this upload.")
        if part_id in seen:
            raise _bad_order(f"{part_id!r} is named twice.")
        seen.add(part_id)
    total = sum(sizes[part_id] for part_id in part_ids)
    if total != announced:
        raise _bad_order(
            f"these parts have {total} bytes in all, and the upload was announced with {announced}. "
            "GET its parts to see which arrived."
        )


def _bad_order(reason: str) -> InvalidRequest:
    return InvalidRequest(f"Invalid part_ids: {reason}", param="part_ids")


def order_digest(part_ids: Sequence[str]) -> bytes:
    """Return what a repeated complete is recognised by: SHA-256 over the ids in their order."""
    return hashlib.sha256("\n".join(part_ids).encode("utf-8", "surrogatepass")).digest()
