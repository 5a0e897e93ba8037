"""Reading the platform's list of jobs, newest first, page by page, until somebody has seen enough."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from domain.outcomes import Answered, NotFound, NotOffered, Outcome, Rejected, Retryable, Trouble
from domain.platform import Page, PlatformJob
from domain.reconciliation import Reach
from worker.closer_look import MOST
from worker.context import Context

PAGES = (100, 10, 2)
"""Items asked for at once; fewer where the answer is larger than we take."""
MOST_PAGES = 50
Item = TypeVar("Item")


async def fitting(
    fetch: Callable[[str | None, int], Awaitable[Outcome[Page[Item]]]], after: str | None
) -> Outcome[Page[Item]]:
    """Ask for a page, and for a smaller one as long as the answer is larger than we take."""
    for limit in PAGES:
        outcome = await fetch(after, limit)
        if not (isinstance(outcome, Rejected) and outcome.code == "too_large"):
            break
    return outcome


class Reader(Protocol):
    """Who reads the list."""

    def read(self, page: Page[PlatformJob]) -> Reach:
        """Take in a page and say whether another is needed."""

    def worth_a_look(self, job: PlatformJob) -> bool:
        """Tell whether to ask for a job by its id, for the list shows too little of it."""


async def _nothing() -> None:
    """Be what is done before each request where nothing has to be."""


async def read_back(
    context: Context, reader: Reader, *, before_each: Callable[[], Awaitable[None]] = _nothing
) -> Reach | Retryable:
    """Give pages to the reader until it wants no more, or the platform gives no more.

    Args:
        context: whose platform's list it is.
        reader: who reads; what is worth a look to it is asked for by its id first.
        before_each: awaited before each request, so that a claim outlives a long list.

    Returns:
        How far it came, or why the list could not be read.
    """
    after: str | None = None
    left = MOST
    for _ in range(MOST_PAGES):
        await before_each()
        outcome = await fitting(lambda behind, most: context.platform.jobs(after=behind, limit=most), after)
        match outcome:
            case Answered(page):
                looked = await context.closer_look.at(
                    page, worth_it=reader.worth_a_look, before_each=before_each, most=left
                )
                if looked.trouble is not None and looked.trouble.trouble is not Trouble.UNAVAILABLE:
                    return looked.trouble
                left = 0 if looked.trouble else left - looked.asked
                reach = reader.read(looked.page)
                if reach is not Reach.MORE:
                    return reach
                after = page.items[-1].id
            case Retryable():
                return outcome
            case NotFound() | NotOffered() | Rejected():
                return Reach.SHORT
            case _:
                return Retryable(outcome.reason)
    return Reach.SHORT
