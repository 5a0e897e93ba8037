"""What clients do with files. Their bytes are stored before, and read after, by whoever calls this."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.queries import file_reports, files, projects
from db.session import Session
from domain import ids
from domain.errors import FileInUse, NotFound
from domain.files import File, purposes_of
from domain.training_data.admission import Admission, Terms, admission
from domain.training_data.personal_data.policies import Policy
from domain.training_data.report import packed, structure_record
from domain.training_data.structure import Structure


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file whose bytes lie whole in the blob store, and what its check came to."""

    id: str
    filename: str
    purpose: str
    size: int
    sha256: bytes
    blob_key: str
    structure: Structure | None
    """What the check of a training file came to; None for other purposes."""
    max_invalid_ratio: float
    life: timedelta | None
    """How long it is kept from the moment it is recorded; None is for ever."""


def new_file_id(*, at: datetime | None = None) -> str:
    """Return an id for a file that is about to be stored; `at` as in `ids.new_id`."""
    return ids.new_id(ids.FILE, at=at)


def blob_key(file_id: str) -> str:
    """Return where a file's bytes lie in the blob store."""
    return f"files/{file_id}"


async def keep(session: Session, *, project_id: str, stored: StoredFile, fewest_examples: int = 0) -> File:
    """Make a stored file one of the project's; a training file gets its report, for a worker to finish."""
    structure, admitted, terms = stored.structure, Admission(status="processed"), Terms()
    if structure is not None:
        policy = Policy(await projects.personal_data_policy(session, project_id=project_id))
        terms = Terms(
            policy=policy, max_invalid_ratio=stored.max_invalid_ratio, fewest_examples=fewest_examples
        )
        admitted = admission(structure, terms)
    file = await _add(session, project_id, stored, admitted)
    if structure is not None:
        await file_reports.add_report(
            session,
            file_id=file.id,
            policy=terms.policy,
            max_invalid_ratio=terms.max_invalid_ratio,
            structure=packed(structure_record(structure)),
        )
    return file


async def _add(session: Session, project_id: str, stored: StoredFile, admitted: Admission) -> File:
    return await files.add_file(
        session,
        id=stored.id,
        project_id=project_id,
        filename=stored.filename,
        purpose=stored.purpose,
        size=stored.size,
        sha256=stored.sha256,
        blob_key=stored.blob_key,
        status=admitted.status,
        status_details=admitted.details,
        examples=stored.structure.examples if stored.structure else None,
        life=stored.life,
    )


async def get(session: Session, *, project_id: str, file_id: str) -> File:
    """Return a file of this project.

    Raises:
        NotFound: it has none with this id.
    """
    if not ids.is_id(ids.FILE, file_id):  # not looked up: Postgres takes no NUL
        raise NotFound(param="file_id")
    file = await files.file_of_project(session, project_id=project_id, file_id=file_id)
    if file is None:
        raise NotFound(param="file_id")
    return file


async def page(
    session: Session, *, project_id: str, after: str | None, limit: int, purpose: str | None, descending: bool
) -> list[File]:
    """Return up to `limit` files behind the position `after`; none for what is no id or no purpose."""
    purposes = None if purpose is None else purposes_of(purpose)
    if (after is not None and not ids.is_id(ids.FILE, after)) or purposes == frozenset():
        return []
    return await files.files_page(
        session, project_id=project_id, after=after, limit=limit, purposes=purposes, descending=descending
    )


async def delete(session: Session, *, project_id: str, file_id: str) -> None:
    """Delete a file; its bytes follow.

    Raises:
        NotFound: this project has no such file.
        FileInUse: a job that has not ended needs it.
    """
    known = ids.is_id(ids.FILE, file_id)
    if not known or not await files.lock_file(session, project_id=project_id, file_id=file_id):
        raise NotFound(param="file_id")
    if await files.file_in_use(session, file_id=file_id):
        raise FileInUse(param="file_id")
    await files.mark_file_deleted(session, file_id=file_id)
