"""A look at an uploaded file, as a worker takes it, without a worker."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from domain.training_data.examination import Piece
from domain.training_data.report import examined_record
from examining import looking
from examining.wanted import Wanted
from services import file_reports
from services.file_reports import Examination

from .served import Project

MOST = 10_000


async def examine(project: Project, file_id: str) -> None:
    """Finish the report of one file; what else is due stays so."""
    held = project.service.resources
    async with held.database.transaction() as session:
        claimed = await file_reports.claim(session, token=uuid4(), lease=timedelta(minutes=1), limit=MOST)
        (ours,) = (each for each in claimed if each.file_id == file_id)
        await file_reports.hand_back(session, [each for each in claimed if each is not ours])
    content = b"".join([chunk async for chunk in held.blobs.read(ours.blob_key)])
    found, kept = await asyncio.to_thread(_looked_at, content, ours)
    async with held.database.transaction() as session:
        await file_reports.finish(
            session,
            ours,
            examined=found,
            copy=None,
            token_counts=kept.token_counts,
            fingerprints=kept.fingerprints,
        )


def _looked_at(content: bytes, ours: Examination) -> tuple[dict[str, object], looking.Kept]:
    observed = [looking.observe(Piece(content.removesuffix(b"\n"), 1), Wanted(kind=ours.structure["kind"]))]
    return examined_record(looking.conclude(observed)), looking.keep(observed)
