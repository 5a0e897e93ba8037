"""Files on the wire."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.common import sometimes
from domain.files import PURPOSES, File, shown_purpose


class FileOut(BaseModel):
    """A file, as OpenAI describes it; what has no value is left out, never null."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra=sometimes(
            expires_at={"type": "integer", "description": "When it will be deleted, in Unix seconds."},
            status_details={"type": "string", "description": "What is wrong with it, if something is."},
        ),
    )

    id: str = Field(description="Id of the file.")
    object: Literal["file"] = "file"
    bytes: int = Field(description="Its size.")
    created_at: int = Field(description="When it was uploaded, in Unix seconds.")
    filename: str = Field(description="Its name, without folders or control characters.")
    purpose: str = Field(description="What it is for.", json_schema_extra={"enum": list(PURPOSES)})
    status: Literal["uploaded", "processed", "error"] = Field(
        description="`processed`: a job can use it. `error`: `status_details` says why it cannot."
    )


class FileDeleted(BaseModel):
    """The answer to a delete."""

    id: str = Field(description="Id of the file that was deleted.")
    object: Literal["file"] = "file"
    deleted: bool = Field(default=True, description="Always true.")


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
