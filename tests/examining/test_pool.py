"""The processes that look at files: what hangs or dies is one clear error, for whoever waited as well."""

import asyncio
import os
import signal
from datetime import timedelta
from typing import Any

import pytest

from domain.training_data.examination import Observed, Piece
from examining import pool as pools
from examining.looking import Wanted
from examining.pool import ExaminationBroke, Pool

GOOD = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}'
PIECE, WANTED = Piece(GOOD, 1), Wanted(kind="chat")


async def test_what_hangs_is_ended_with_all_that_waited_and_another_pool_goes_on(monkeypatch: Any) -> None:
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
        for outcome in await asyncio.gather(*looks, return_exceptions=True):
            assert isinstance(outcome, ExaminationBroke)
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
