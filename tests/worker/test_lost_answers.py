"""The platform accepts creates and cuts the connection: as many live jobs there as there were requests.

Twenty in the suite; `LOST_ANSWERS=200 .venv/bin/python -m pytest tests/worker/test_lost_answers.py` takes as
many as you like, and prints what was counted with `-s`.
"""

import asyncio
import os
import time
from typing import Any

import pytest

from simulator.life import is_live

CREATES = int(os.environ.get("LOST_ANSWERS", "20"))


async def holds_for_all(rig: Any, condition: str) -> None:
    """Wait as long as so many jobs may take."""
    column, _, table = condition.partition(" FROM ")
    statement = f"SELECT count(*) FROM {table} WHERE NOT ({column})"  # noqa: S608 - constants of this file
    give_up = time.monotonic() + 20 + CREATES
    while left := await rig.value(statement):
        assert time.monotonic() < give_up, f"{left} left"
        await asyncio.sleep(0.1)


@pytest.mark.timeout(60 + 3 * CREATES)
@pytest.mark.parametrize("quirks", [(), ("no_echo",)], ids=["with echo", "without echo"])
async def test_each_create_whose_answer_was_cut_off_is_one_live_job(
    rig: Any, quirks: tuple[str, ...]
) -> None:
    rig.platform(f"cut_after_accept:{CREATES}", job_seconds=3600)
    rig.stand_in.quirks.choose(quirks)
    for _ in range(CREATES):
        await rig.create(webhook_url=None)
    async with rig.worker(poll_interval="60s"):
        await holds_for_all(rig, "state = 'tracking' FROM jobs")
        await rig.sql("UPDATE platform_submissions SET check_at = now() - interval '1 h'")
        await holds_for_all(rig, "checks = 1 FROM platform_submissions")
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
