"""Uploads and their parts on the wire."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.multipart import safe_filename
from api.schemas.common import Whole
from api.schemas.files import FileOut, file_out
from domain.files import LONGEST_LIFE, SHORTEST_LIFE, UPLOADABLE, shown_purpose
from domain.uploads import MOST_PARTS, Part, Upload


class ExpiresAfter(BaseModel):
    """How long the file shall be kept."""

    anchor: Literal["created_at"] = Field(description="From when on: the creation of the file.")
    seconds: Annotated[int, Field(strict=True), Whole] = Field(
        ge=int(SHORTEST_LIFE.total_seconds()),
        le=int(LONGEST_LIFE.total_seconds()),
        description="How long, in seconds: an hour to 30 days.",
    )

    @property
    def life(self) -> timedelta:
        """Return it as a duration."""
        return timedelta(seconds=self.seconds)


class CreateUpload(BaseModel):
    """A file that will arrive in parts. Unknown keys are ignored."""

    filename: str = Field(min_length=1, max_length=4096, description="The file's name; folders are dropped.")
    purpose: str = Field(
        max_length=64,
        json_schema_extra={"enum": list(UPLOADABLE)},
        description="`fine-tune`, `batch`, `assistants`, `vision`, `user_data` or `evals`.",
    )
    bytes: Annotated[int, Field(strict=True), Whole] = Field(
        ge=1, description="The size of the whole file; the parts that complete it must add up to it."
    )
    mime_type: str = Field(max_length=255, description="Taken for OpenAI's sake; nothing depends on it.")
    expires_after: ExpiresAfter | None = Field(
        None, description="When the file shall be deleted; never, if it is not given."
    )

    max_invalid_ratio: Annotated[float, Field(strict=True, ge=0, le=1)] | None = Field(
        None,
        description="The share of lines that may be faulty, from 0 to 1: they are left out in training. "
        "Default 0.",
    )

    @property
    def safe_filename(self) -> str:
        """Return a name that is no path and can be shown."""
        return safe_filename(self.filename)

    @property
    def file_life(self) -> timedelta | None:
        """Return how long the file shall be kept; None is for ever."""
        return None if self.expires_after is None else self.expires_after.life


class CompleteUpload(BaseModel):
    """What the file is made of. Unknown keys are ignored."""

    part_ids: list[str] = Field(
        min_length=1, max_length=MOST_PARTS, description="The parts, in the order of their bytes."
    )
    md5: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{32}$")] | None = Field(
        None, description="MD5 of the whole file in hexadecimal; if it differs, nothing is completed."
    )


class UploadOut(BaseModel):
    """An upload, as OpenAI describes it; `file` is left out until there is one."""

    id: str = Field(description="`upload_…`")
    object: Literal["upload"] = "upload"
    bytes: int = Field(description="The size that was announced.")
    created_at: int = Field(description="Unix seconds.")
    expires_at: int = Field(description="Until when parts can be added, in Unix seconds.")
    filename: str = Field(description="The file's name.")
    purpose: str = Field(description="What the file is for.")
    status: Literal["pending", "completed", "cancelled", "expired"] = Field(
        description="`pending` while parts can be added."
    )
    file: FileOut | None = Field(None, description="The file that came of a completed upload.")


class PartOut(BaseModel):
    """A part that arrived, as OpenAI describes it, with its size and checksum for a client that resumes."""

    id: str = Field(description="`part_…`, to be named when the upload is completed.")
    object: Literal["upload.part"] = "upload.part"
    created_at: int = Field(description="Unix seconds.")
    upload_id: str = Field(description="The upload it belongs to.")
    bytes: int = Field(description="Its size.")
    md5: str = Field(description="MD5 of its bytes in hexadecimal.")


def upload_out(upload: Upload) -> UploadOut:
    """Show an upload."""
    return UploadOut.model_validate(
        {
            "id": upload.id,
            "bytes": upload.size,
            "created_at": int(upload.created_at.timestamp()),
            "expires_at": int(upload.expires_at.timestamp()),
            "filename": upload.filename,
            "purpose": shown_purpose(upload.purpose),
            "status": upload.shown_status,
            **({} if upload.file is None else {"file": file_out(upload.file)}),
        }
    )


def part_out(part: Part) -> PartOut:
    """Show a part."""
    return PartOut(
        id=part.id,
        created_at=int(part.created_at.timestamp()),
        upload_id=part.upload_id,
        bytes=part.size,
        md5=part.md5.hex(),
    )
