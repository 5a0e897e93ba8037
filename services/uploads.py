"""What clients do with uploads. Bytes are stored and put together between two calls of this module."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from db.queries import uploads
from db.session import Session
from domain import ids
from domain.errors import InvalidRequest, NotFound
from domain.files import check_purpose
from domain.uploads import (
    LEASE,
    LIFE,
    MOST_PARTS,
    Part,
    Upload,
    UploadStatus,
    being_completed,
    check_order,
    demand_open,
    order_digest,
)
from services import files
from services.files import StoredFile


@dataclass(frozen=True, slots=True)
class Arrival:
    """A part whose bytes are about to arrive, and how many it may have."""

    part_id: str
    upload_id: str
    project_id: str
    largest: int

    @property
    def blob_key(self) -> str:
        """Where its bytes lie in the blob store."""
        return part_key(self.part_id)


@dataclass(frozen=True, slots=True)
class Assembly:
    """An upload that is ours to be put together from the blobs `sources`, in that order, into `blob_key`."""

    upload: Upload
    token: UUID
    sources: tuple[str, ...]
    blob_key: str
    order_sha256: bytes


def part_key(part_id: str) -> str:
    """Return where a part's bytes lie in the blob store."""
    return f"parts/{part_id}"


def attempt_key(upload_id: str, attempt: int) -> str:
    """Return where an attempt to complete an upload writes the file.

    Each has a place of its own, so that one that was given up cannot write into the file of the next.
    """
    return f"files/{upload_id}.{attempt}"


async def create(
    session: Session,
    *,
    project_id: str,
    filename: str,
    purpose: str,
    size: int,
    file_life: timedelta | None,
    max_invalid_ratio: float | None = None,
    max_file_bytes: int,
) -> Upload:
    """Announce a file that will arrive in parts.

    Raises:
        InvalidRequest: it is larger than a file may be, or there is no such purpose.
    """
    if size > max_file_bytes:
        message = f"Invalid bytes: {size} is more than the {max_file_bytes} bytes that a file may have."
        raise InvalidRequest(message, param="bytes")
    return await uploads.add_upload(
        session,
        life=LIFE,
        id=ids.new_id(ids.UPLOAD),
        project_id=project_id,
        filename=filename,
        purpose=check_purpose(purpose),
        size=size,
        file_life=file_life,
        max_invalid_ratio=max_invalid_ratio,
    )


async def get(session: Session, *, project_id: str, upload_id: str, lock: bool = False) -> Upload:
    """Return an upload of this project; `lock` keeps others from changing it in this transaction.

    Raises:
        NotFound: it has none with this id.
    """
    if not ids.is_id(ids.UPLOAD, upload_id):  # not looked up: Postgres takes no NUL
        raise NotFound(param="upload_id")
    upload = await uploads.upload_of_project(session, project_id=project_id, upload_id=upload_id, lock=lock)
    if upload is None:
        raise NotFound(param="upload_id")
    return upload


async def parts(
    session: Session, *, project_id: str, upload_id: str, after: str | None, limit: int
) -> list[Part]:
    """Return up to `limit` parts that arrived, oldest first, behind the position `after`.

    Raises:
        NotFound: this project has no such upload.
    """
    upload = await get(session, project_id=project_id, upload_id=upload_id)
    if after is not None and not ids.is_id(ids.PART, after):
        return []
    return await uploads.parts_page(session, upload_id=upload.id, after=after, limit=limit)


async def cancel(session: Session, *, project_id: str, upload_id: str) -> Upload:
    """End an upload; one that was cancelled already is fine. The bytes of its parts follow.

    Raises:
        NotFound: this project has no such upload.
        Conflict: it is completed, is being completed, or expired.
    """
    upload = await get(session, project_id=project_id, upload_id=upload_id, lock=True)
    if upload.stands is UploadStatus.CANCELLED:
        return upload
    demand_open(upload)
    await uploads.cancel_upload(session, upload_id=upload.id)
    return await get(session, project_id=project_id, upload_id=upload_id)


async def begin_part(session: Session, *, project_id: str, upload_id: str) -> Arrival:
    """Make room for a part.

    Raises:
        NotFound: this project has no such upload.
        Conflict: the upload takes no parts any more.
        InvalidRequest: it has as many as it may have.
    """
    upload = await get(session, project_id=project_id, upload_id=upload_id, lock=True)
    demand_open(upload)
    if upload.part_count >= MOST_PARTS:
        message = f"An upload may have {MOST_PARTS} parts, and this one has. Make the parts larger."
        raise InvalidRequest(message, param="upload_id", code="too_many_parts")
    arrival = Arrival(ids.new_id(ids.PART), upload.id, project_id, upload.largest_part)
    await uploads.add_part(session, part_id=arrival.part_id, upload_id=upload.id)
    return arrival


async def finish_part(session: Session, arrival: Arrival, *, size: int, md5: bytes) -> Part:
    """Record a part whose bytes lie whole in the blob store.

    Raises:
        Conflict: the upload ended, or is being completed, while they arrived.
        InvalidRequest: its parts have more bytes in all than it may keep.
    """
    upload = await get(session, project_id=arrival.project_id, upload_id=arrival.upload_id, lock=True)
    demand_open(upload)
    if upload.received + size > upload.most_received:
        message = (
            f"The parts of this upload may have {upload.most_received} bytes in all, those sent twice "
            f"included, and {upload.received} have arrived. Complete it with those, or create a new one."
        )
        raise InvalidRequest(message, param="data", code="too_many_bytes")
    return await uploads.part_arrived(
        session, part_id=arrival.part_id, upload_id=upload.id, size=size, md5=md5
    )


async def discard_part(session: Session, arrival: Arrival) -> None:
    """Forget a part that did not arrive, or came too late."""
    await uploads.discard_part(session, part_id=arrival.part_id, upload_id=arrival.upload_id)


async def begin_complete(
    session: Session, *, project_id: str, upload_id: str, part_ids: Sequence[str]
) -> Assembly | Upload:
    """Take an upload to put it together, or return it if the same complete was carried out before.

    Raises:
        NotFound: this project has no such upload.
        Conflict: it ended otherwise, or another attempt is at it.
        InvalidRequest: these parts cannot be the file that was announced.
    """
    upload = await get(session, project_id=project_id, upload_id=upload_id, lock=True)
    digest = order_digest(part_ids)
    if upload.stands is UploadStatus.COMPLETED and upload.order_sha256 == digest:
        return upload
    demand_open(upload)
    check_order(part_ids, await uploads.part_sizes(session, upload_id=upload.id), announced=upload.size)
    token = uuid4()
    attempt = await uploads.claim_completing(session, upload_id=upload.id, token=token, lease=LEASE)
    sources = tuple(part_key(part_id) for part_id in part_ids)
    return Assembly(upload, token, sources, attempt_key(upload.id, attempt), digest)


async def renew(session: Session, assembly: Assembly) -> None:
    """Keep an upload to ourselves for another lease.

    Raises:
        UploadCompleting: another attempt has it by now.
    """
    ours = await uploads.renew_completing(
        session, upload_id=assembly.upload.id, token=assembly.token, lease=LEASE
    )
    if not ours:
        raise being_completed()


async def finish_complete(
    session: Session, assembly: Assembly, stored: StoredFile, *, fewest_examples: int = 0
) -> Upload:
    """Make the file that was put together one of the project's; return the upload with it.

    Raises:
        UploadCompleting: another attempt has the upload by now; nothing may be kept of this one.
    """
    upload = assembly.upload
    await files.keep(session, project_id=upload.project_id, stored=stored, fewest_examples=fewest_examples)
    ours = await uploads.complete_upload(
        session,
        upload_id=upload.id,
        token=assembly.token,
        file_id=stored.id,
        order_sha256=assembly.order_sha256,
    )
    if not ours:
        raise being_completed()
    return await get(session, project_id=upload.project_id, upload_id=upload.id)


async def give_up_complete(session: Session, assembly: Assembly, *, left_nothing: bool) -> None:
    """Let an upload be completed anew after an attempt that failed; its parts are still there.

    `left_nothing` says that the attempt certainly left no blob.
    """
    await uploads.give_up_completing(
        session, upload_id=assembly.upload.id, token=assembly.token, left_nothing=left_nothing
    )
