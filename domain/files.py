"""A file as everybody but the database sees it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One row of `files`. `size` is in bytes; `status` is uploaded, processed or error."""

    id: str
    project_id: str
    filename: str
    purpose: str
    size: int
    sha256: bytes
    blob_key: str
    status: str
    status_details: str | None
    examples: int | None
    created_at: datetime
    expires_at: datetime | None
