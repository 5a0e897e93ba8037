"""The processes that look at files: what hangs or dies is one clear error, for whoever waited as well."""

import asyncio
import os
import signal
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from domain.training_data.examination import Observed, Piece
from examining import pool as pools
from examining.looking import Wanted
from examining.pool import ExaminationBroke, Pool

GOOD = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
PIECE, WANTED = Piece(GOOD, 1), Wanted(kind="chat")


async def test_what_hangs_is_ended_and_what_waited_and_another_pool_go_on(monkeypatch: Any) -> None:
    hanging, other = Pool(1), Pool(1)
    try:
        for pool in (hanging, other):
            assert isinstance(await pool.observe(PIECE, WANTED), Observed)
        (process,) = hanging._executor._processes.values()  # type: ignore[union-attr]
        monkeypatch.setattr(pools, "LONGEST", timedelta(seconds=0.2))
        os.kill(process.pid, signal.SIGSTOP)
        looks = [asyncio.create_task(hanging.observe(PIECE, WANTED))]
        await asyncio.sleep(0)
        monkeypatch.undo()  # the others would have waited much longer
        looks += [asyncio.create_task(hanging.observe(PIECE, WANTED)) for _ in range(5)]
        first, *others = await asyncio.gather(*looks, return_exceptions=True)
        assert isinstance(first, ExaminationBroke)
        assert {type(outcome) for outcome in others[1:]} == {Observed}  # one was in the hands of the process
        assert isinstance(await other.observe(PIECE, WANTED), Observed)
        process.join(5)
        assert process.exitcode == -signal.SIGKILL
    finally:
        for pool in (hanging, other):
            pool.close()


async def test_a_look_that_is_given_up_is_cancelled_and_breaks_nothing() -> None:
    pool = Pool(1)
    try:
        look = asyncio.create_task(pool.observe(PIECE, WANTED))
        await asyncio.sleep(0)
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
        assert isinstance(await pool.observe(PIECE, WANTED), Observed)
    finally:
        pool.close()


@pytest.mark.parametrize("delay", [0.035, 0.06, 0.09])
async def test_nothing_waits_for_the_rest_of_an_answer_whose_process_was_ended(delay: float) -> None:
    """The answer is larger than a pipe, so that some of it is on its way."""
    pool = Pool(1)
    await pool.observe(PIECE, WANTED)
    executor = pool._executor
    answer = asyncio.create_task(pool._run(bytes, 50_000_000))
    await asyncio.sleep(delay)
    pool.close()
    with suppress(ExaminationBroke):
        await answer
    thread = executor._executor_manager_thread  # type: ignore[union-attr]
    if thread is not None:
        await asyncio.to_thread(thread.join, 5)
        assert not thread.is_alive()
