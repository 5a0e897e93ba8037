"""The platform accepts creates and cuts the connection: as many live jobs there as there were requests.

Twenty in the suite; `LOST_ANSWERS=200 .venv/bin/python -m pytest tests/worker/test_lost_answers.py` takes as
many as you like, and prints what was counted with `-s`.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.life import is_live

NOT_TRACKED = "SELECT count(*) FROM jobs WHERE state <> 'tracking'"
NOT_LOOKED_AT = "SELECT count(*) FROM platform_submissions WHERE checks = 0"
CREATES = int(os.environ.get("LOST_ANSWERS", "20"))


def none(rig: Any, statement: str) -> Callable[[], Awaitable[bool]]:
    async def none_left() -> bool:
        return not await rig.value(statement)

    return none_left


@pytest.mark.timeout(60 + 3 * CREATES)
@pytest.mark.parametrize("quirks", [(), ("no_echo",)], ids=["with echo", "without echo"])
async def test_each_create_whose_answer_was_cut_off_is_one_live_job(
    rig: Any, until: Any, quirks: tuple[str, ...]
) -> None:
    rig.platform(f"cut_after_accept:{CREATES}", job_seconds=3600)
    rig.stand_in.quirks.choose(quirks)
    for _ in range(CREATES):
        await rig.create(webhook_url=None)
    async with rig.worker(poll_interval="60s"):
        await until(none(rig, NOT_TRACKED), "all jobs on the platform", 20 + CREATES)
        await rig.sql("UPDATE platform_submissions SET check_at = now() - interval '1 h'")
        await until(none(rig, NOT_LOOKED_AT), "a late look at each", 20 + CREATES)
    store, now = rig.stand_in.store, rig.stand_in.clock()
    live = {row.id for row in store.jobs.values() if is_live(row, now)}
    kept = {row[0] for row in await rig.sql("SELECT platform_job_id FROM jobs")}
    outcomes = await rig.sql("SELECT outcome, count(*) FROM platform_submissions GROUP BY 1")
    print(  # noqa: T201 - the figures, with -s
        f"\n{CREATES} creates cut off{', no echo' if quirks else ''}: {len(live)} live platform jobs,"
        f" {rig.requests('create')} creates, {outcomes}, cancels {rig.requests('cancel')}"
    )
    assert live == kept == set(store.jobs)
    assert (len(live), rig.requests("create"), rig.requests("cancel")) == (CREATES, CREATES, 0)
    assert outcomes == [("adopted", CREATES)]
