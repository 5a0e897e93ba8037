"""A training file that is checked and not kept: its bytes pass by, and nothing is left of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from msgspec.json import encode
from starlette.requests import Request

from api.multipart import Upload, UploadLimits
from api.resources import Resources
from db.session import AnyRow
from domain.errors import InvalidFile, Unavailable
from domain.training_data.examination import Examined
from domain.training_data.personal_data.policies import Policy
from domain.training_data.report import examined_record, report, structure_record
from domain.training_data.structure import Structure, StructureCheck
from examining.gathering import Gathering
from examining.pool import ExaminationBroke, observe_all
from examining.wanted import Wanted
from services import file_reports


async def check_file(request: Request, held: Resources, policy: Policy) -> bytes:
    """Return the report on the request's file, as JSON.

    Raises:
        InvalidRequest: the form is not right; `param` names the field.
        InvalidFile: the file is too large.
        Unavailable: the process that looked at it died.
    """
    form = Upload(request, limits=UploadLimits(max_file_bytes=held.limits.max_file_bytes), required=())
    check = StructureCheck(held.limits.max_line_bytes)
    wanted = policy is not Policy.ALLOW
    pieces = observe_all(
        held.examiners, _watched(form, check), lambda: Wanted(kind=check.kind, personal_data=wanted)
    )
    seen = Gathering(held.examiners)
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                await seen.add(piece)
        structure = check.finish()
        looked_deeper = seen and structure.examples and check.goes_on
        examined = await seen.conclude() if looked_deeper else None
    except ExaminationBroke as error:
        raise Unavailable("The file could not be examined; try again.") from error
    if form.size == 0:
        raise InvalidFile("The file is empty.", param="file")
    return await asyncio.to_thread(_told, structure, examined, policy)  # 10,000 faults take 50 ms


def report_json(kept: AnyRow) -> bytes:
    """Return the report on a file that was kept, as JSON; for a thread: it may take 100 ms."""
    return encode(file_reports.told(kept))


def _told(structure: Structure, examined: Examined | None, policy: Policy) -> bytes:
    record = None if examined is None else examined_record(examined)
    return encode(report(structure_record(structure), record, policy=policy))


async def _watched(form: Upload, check: StructureCheck) -> AsyncIterator[bytes]:
    """Yield the bytes of a file whose structure is checked as they pass, until it turns out to be none."""
    async for chunk in form:
        check.feed(chunk)
        if check.goes_on:
            yield chunk
