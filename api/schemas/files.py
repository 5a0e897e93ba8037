"""Files on the wire."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from domain.files import File, shown_purpose


class FileOut(BaseModel):
    """A file, as OpenAI describes it; what has no value is left out, never null."""

    model_config = ConfigDict(extra="allow")

    id: str
    object: Literal["file"] = "file"
    bytes: int
    created_at: int
    filename: str
    purpose: str
    status: Literal["uploaded", "processed", "error"]


class FileDeleted(BaseModel):
    """The answer to a delete."""

    id: str
    object: Literal["file"] = "file"
    deleted: bool = True


def file_out(file: File) -> FileOut:
    """Show a file."""
    extra: dict[str, Any] = {}
    if file.expires_at is not None:
        extra["expires_at"] = int(file.expires_at.timestamp())
    if file.status_details is not None:
        extra["status_details"] = file.status_details
    return FileOut.model_validate(
        {
            "id": file.id,
            "bytes": file.size,
            "created_at": int(file.created_at.timestamp()),
            "filename": file.filename,
            "purpose": shown_purpose(file.purpose),
            "status": file.status,
            **extra,
        }
    )
