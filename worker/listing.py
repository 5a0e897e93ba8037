"""Reading the platform's list of jobs, newest first, page by page, until somebody has seen enough."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from domain.outcomes import Answered, NotFound, NotOffered, Outcome, Rejected, Retryable
from domain.platform import Page, PlatformJob
from domain.reconciliation import Reach
from xpulink.port import Platform

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


async def read_back(
    platform: Platform,
    read: Callable[[Page[PlatformJob]], Reach],
    *,
    before_each: Callable[[], Awaitable[None]] | None = None,
) -> Reach | Retryable:
    """Give pages to `read` until it wants no more, or the platform gives no more.

    Args:
        platform: whose list it is.
        read: takes in a page and says whether another is needed.
        before_each: awaited before each page, so that a claim outlives a long list.

    Returns:
        How far it came, or why the list could not be read.
    """
    after: str | None = None
    for _ in range(MOST_PAGES):
        if before_each is not None:
            await before_each()
        outcome = await fitting(lambda behind, most: platform.jobs(after=behind, limit=most), after)
        match outcome:
            case Answered(page):
                reach = read(page)
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
