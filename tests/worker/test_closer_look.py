"""Jobs that the list shows too little of are asked for by their ids: once each, and not without bound."""

from datetime import UTC, datetime
from typing import Any, cast

from domain.outcomes import Answered, Outcome, Retryable
from domain.platform import Page, PlatformJob, PlatformStatus
from worker.closer_look import CloserLook

LISTED_AT = datetime(2026, 3, 1, tzinfo=UTC)


def job(id_: str, **known: Any) -> PlatformJob:
    return PlatformJob(id_, PlatformStatus.RUNNING, "running", **known)


class Platform:
    """Answers looks at single jobs, and counts them; `broken` ones are not answered."""

    def __init__(self, *, broken: set[str] | None = None) -> None:
        self.asked: list[str] = []
        self.broken = broken or set()

    async def job(self, id_: str) -> Outcome[PlatformJob]:
        self.asked.append(id_)
        if id_ in self.broken:
            return Retryable("not now")
        return Answered(job(id_, metadata={"tuneward": f"sub_{id_}"}))


async def look(closer: CloserLook, *ids: str, most: int = 9, clear: str = "") -> tuple[list[str | None], int]:
    async def nothing() -> None: ...

    items = tuple(job(id_, training_file="file-1", created_at=LISTED_AT) for id_ in ids)
    page, asked = await closer.at(
        Page(items, has_more=None), unclear=lambda one: one.id not in clear, before_each=nothing, most=most
    )
    assert all((one.training_file, one.created_at) == ("file-1", LISTED_AT) for one in page.items)
    return [one.marker for one in page.items], asked


async def test_what_is_clear_is_not_asked_for_and_the_rest_once() -> None:
    platform = Platform()
    closer = CloserLook(cast("Any", platform))
    assert await look(closer, "a", "b", "c", clear="b") == (["sub_a", None, "sub_c"], 2)
    assert await look(closer, "a", "c", "d") == (["sub_a", "sub_c", "sub_d"], 1)
    assert platform.asked == ["a", "c", "d"]


async def test_no_more_are_asked_for_than_allowed_and_what_is_not_answered_is_asked_for_again() -> None:
    platform = Platform(broken={"a"})
    closer = CloserLook(cast("Any", platform))
    assert await look(closer, "a", "b", "c", most=2) == ([None, "sub_b", None], 2)
    platform.broken.clear()
    assert await look(closer, "a", "b", "c", most=2) == (["sub_a", "sub_b", "sub_c"], 2)
