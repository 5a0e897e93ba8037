"""Orphans on the platform: files whose upload was cut off, or whose worker died before it wrote their id."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from domain.outcomes import Answered, NotFound, NotOffered, Rejected, Retryable
from domain.platform import OptionalRoute
from domain.platform_uploads import FileSearch, SoughtUpload
from domain.reconciliation import Reach
from services import platform_uploads
from services.platform_uploads import Look
from worker import metrics
from worker.context import Context
from worker.listing import fitting

MOST_PAGES = 50
PATIENCE = timedelta(seconds=30)
"""How long one run may ask the platform: other sweeps wait meanwhile, and what is left stays due."""


async def run_once(context: Context) -> dict[str, int]:
    """Return how many uploads were noted as lost, looked for, and what became of their files."""
    checks = context.pace.duplicate_checks
    async with context.database.transaction() as session:
        lost = await platform_uploads.schedule_looks(session, checks=checks)
    async with context.database.transaction() as session:
        due = await platform_uploads.claim_due(session)
    counts = Counter(lost=lost)
    for credential_id, uploads in due.items():
        look = await _look(context, credential_id, uploads)
        async with context.database.transaction() as session:
            counts += await platform_uploads.finish_look(session, uploads, look, checks=checks)
    for outcome in ("deleted", "absent", "given_up"):
        metrics.LOST_UPLOADS.labels(outcome).inc(counts[outcome])
    return dict(counts)


async def _look(context: Context, credential_id: str, uploads: Sequence[SoughtUpload]) -> Look:
    look = Look()
    async with context.database.transaction() as session:
        lacking = await platform_uploads.lacks_routes(
            session, credential_id=credential_id, of=platform_uploads.SEARCH
        )
    if lacking is not None:
        look.doubt = NotOffered(f"the platform has no {lacking}")
        return look
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            search = FileSearch.of(uploads)
            look.doubt = await _read_list(context, search, look)
            await _delete_orphans(context, search, look)
    except TimeoutError:
        look.doubt = Retryable("the platform took too long")
    return look


async def _read_list(context: Context, search: FileSearch, look: Look) -> Retryable | NotOffered | None:
    """Read the list as far as it is needed; return why it says nothing of what was not found, if so."""
    after: str | None = None
    reach = Reach.MORE
    for _ in range(MOST_PAGES):
        outcome = await fitting(lambda behind, most: context.platform.files(after=behind, limit=most), after)
        match outcome:
            case Answered(page):
                reach = search.read(page)
                if reach is not Reach.MORE:
                    break
                after = page.items[-1].id
            case Retryable():
                return outcome
            case NotOffered():
                look.lacking = OptionalRoute.FILE_LIST
                return outcome
            case NotFound(message) | Rejected(message=message):
                return Retryable(message)
            case _:
                return Retryable(outcome.reason)
    doubt = search.doubt(reach)
    return None if doubt is None else Retryable(doubt)


async def _delete_orphans(context: Context, search: FileSearch, look: Look) -> None:
    """Delete what was found, except what something of ours names right before its turn has come."""
    for upload_id, platform_file_id in search.found:
        async with context.database.transaction() as session:
            named = await platform_uploads.named_files(session, platform_file_ids=[platform_file_id])
        if named:
            look.used[upload_id] = platform_file_id
            continue
        outcome = await context.platform.delete_file(platform_file_id)
        match outcome:
            case Answered() | NotFound():
                look.deleted[upload_id] = platform_file_id
            case NotOffered():
                look.lacking, look.doubt = OptionalRoute.FILE_DELETION, outcome
                return
            case Retryable():
                look.doubt = outcome
                return
            case Rejected(message=message):
                look.doubt = look.doubt or Retryable(message)
            case _:
                look.doubt = look.doubt or Retryable(outcome.reason)
