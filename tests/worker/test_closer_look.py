"""Jobs that the list shows too little of are asked for by their ids: without haste, and not without bound."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from domain.outcomes import Answered, NotFound, Outcome, Retryable, Trouble
from domain.platform import Page, PlatformJob, PlatformStatus
from worker.closer_look import AGAIN, FIRST_WAIT, MOST, CloserLook

LISTED_AT = datetime(2026, 3, 1, tzinfo=UTC)


def job(id_: str, **known: Any) -> PlatformJob:
    return PlatformJob(id_, PlatformStatus.RUNNING, "running", **known)


class Platform:
    """Answers looks at single jobs, and counts them; `otherwise` are the answers that show no marker."""

    def __init__(self, **otherwise: Outcome[PlatformJob]) -> None:
        self.asked: list[str] = []
        self.otherwise = otherwise

    async def job(self, id_: str) -> Outcome[PlatformJob]:
        self.asked.append(id_)
        await asyncio.sleep(0)
        shown = job(id_, training_file="elsewhere", metadata={"tuneward": f"sub_{id_}"})
        return self.otherwise.get(id_, Answered(shown))


class Rig:
    """A closer look at a platform, and its time."""

    def __init__(self, platform: Platform) -> None:
        self.now = 1000.0
        self.platform = platform
        self.closer = CloserLook(cast("Any", platform), clock=lambda: self.now)

    async def markers(self, *ids: str, most: int = MOST, clear: str = "") -> list[str | None]:
        """Look at a page of jobs, and check that only metadata is added to what the list shows."""

        async def nothing() -> None: ...

        items = tuple(job(id_, training_file="file-1", created_at=LISTED_AT) for id_ in ids)
        page = Page(items, has_more=None)
        looked = await self.closer.at(
            page,
            worth_it=lambda one: one.marker is None and one.id not in clear,
            before_each=nothing,
            most=most,
        )
        self.trouble = looked.trouble
        shown = looked.page.items
        assert [(one.id, one.training_file, one.created_at) for one in shown] == [
            (id_, "file-1", LISTED_AT) for id_ in ids
        ]
        return [one.marker for one in shown]


async def test_what_is_clear_is_not_asked_for_and_a_marker_is_read_once() -> None:
    rig = Rig(Platform())
    assert await rig.markers("a", "b", "c", clear="b") == ["sub_a", None, "sub_c"]
    assert await rig.markers("a", "c", "d") == ["sub_a", "sub_c", "sub_d"]
    assert rig.platform.asked == ["a", "c", "d"]


@pytest.mark.parametrize(
    "answer", [NotFound("no such job"), Answered(job("a")), Answered(job("a", metadata={}))]
)
async def test_what_shows_no_marker_is_asked_for_again_ever_later(answer: Outcome[PlatformJob]) -> None:
    rig = Rig(Platform(a=answer))
    for wait in (FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT):
        before = len(rig.platform.asked)
        assert await rig.markers("a") == [None]
        rig.now += wait - 0.1
        assert await rig.markers("a") == [None]
        assert len(rig.platform.asked) == before + 1
        rig.now += 0.2
    rig.platform.otherwise.clear()
    assert await rig.markers("a") == ["sub_a"]


async def test_what_cannot_be_looked_at_does_not_crowd_out_what_stands_behind_it() -> None:
    strangers: dict[str, Outcome[PlatformJob]] = {f"s{n}": NotFound("not yours") for n in range(MOST)}
    rig = Rig(Platform(**strangers))
    assert (await rig.markers(*strangers, "ours"))[-1] is None
    assert rig.platform.asked == list(strangers)
    rig.now += FIRST_WAIT
    assert (await rig.markers(*strangers, "ours"))[-1] == "sub_ours"
    assert rig.platform.asked[MOST:] == ["ours", *list(strangers)[:AGAIN]]


async def test_readings_at_the_same_time_ask_for_each_job_once() -> None:
    rig = Rig(Platform(a=NotFound("not yours"), b=NotFound("not yours")))
    await asyncio.gather(*(rig.markers("a", "b", "c") for _ in range(4)))
    assert sorted(rig.platform.asked) == ["a", "b", "c"]


async def test_the_first_that_is_not_answered_for_is_the_last_of_a_reading() -> None:
    throttled = Retryable("slowly", trouble=Trouble.THROTTLED)
    rig = Rig(Platform(b=throttled))
    assert await rig.markers("a", "b", "c") == ["sub_a", None, None]
    assert (rig.trouble, rig.platform.asked) == (throttled, ["a", "b"])
    assert await rig.markers("a", "b", "c") == ["sub_a", None, "sub_c"]
