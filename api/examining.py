"""A training file that is checked and not kept: its bytes pass by, and nothing is left of them."""

from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request

from api.multipart import Upload, UploadLimits
from api.resources import Resources
from domain.errors import InvalidFile, Unavailable
from domain.training_data.personal_data.policies import Policy
from domain.training_data.report import examined_record, report, structure_record
from domain.training_data.structure import StructureCheck
from examining.pool import ExaminationBroke, observe_all
from examining.wanted import Wanted


async def check_file(request: Request, held: Resources, policy: Policy) -> dict[str, Any]:
    """Return the report on the request's file.

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
    try:
        observed = [piece async for piece in pieces]
        structure = check.finish()
        looked_deeper = observed and structure.examples and structure.refusal is None
        examined = await held.examiners.conclude(observed) if looked_deeper else None
    except ExaminationBroke as error:
        raise Unavailable("The file could not be examined; try again.") from error
    if form.size == 0:
        raise InvalidFile("The file is empty.", param="file")
    record = None if examined is None else examined_record(examined)
    return report(structure_record(structure), record, policy=policy)


async def _watched(form: Upload, check: StructureCheck) -> AsyncIterator[bytes]:
    """Yield the bytes of a file whose structure is checked as they pass, until it turns out to be none."""
    async for chunk in form:
        check.feed(chunk)
        if check.refusal is None:
            yield chunk
