"""Reading the platform's list of jobs back, page by page."""

from domain.outcomes import Answered, Outcome, Rejected
from domain.platform import Page
from worker.listing import fitting


async def test_a_page_that_is_larger_than_we_take_is_asked_for_again_with_fewer_items() -> None:
    asked: list[int] = []

    async def fetch(_after: str | None, most: int) -> Outcome[Page[int]]:
        asked.append(most)
        too_large = Rejected(200, "the content is too large", code="too_large")
        return too_large if most > 2 else Answered(Page((1, 2), has_more=False))

    assert isinstance(await fitting(fetch, None), Answered)
    assert asked == [100, 10, 2]
