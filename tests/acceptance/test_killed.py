"""A fleet of jobs while something is killed by SIGKILL: each ends once, is paid for once, is told once.

Twenty jobs in the suite; `FLEET=50 .venv/bin/python -m pytest tests/acceptance` takes as many as you like.
"""

import os
from collections.abc import Callable

import pytest

from embedded.stack import Stack
from tests.acceptance.fleet import Fleet, Killer, Receiver, Strike

JOBS = int(os.environ.get("FLEET", "20"))
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(170)]


async def test_jobs_survive_an_api_and_a_worker_that_are_killed(
    make_stack: Callable[..., Stack], receiver: Receiver
) -> None:
    """The SDK retries what a kill of the api cut off; the Idempotency-Key makes one job of the tries."""
    stack = make_stack()
    fleet = Fleet.on(stack, receiver)
    strike = Strike(stack.api)
    with Killer(stack.workers[0], every=3) as killer:
        fleet.create(JOBS, strike=strike)
        strike.finish()
        await fleet.wait_until_told(seconds=150)
    assert (strike.kills, killer.kills > 0) == (JOBS // 5, True)
    fleet.check_each_once()


async def test_without_redis_jobs_survive_a_worker_that_is_killed(
    make_stack: Callable[..., Stack], receiver: Receiver
) -> None:
    stack = make_stack(with_valkey=False)
    assert not stack.valkey.process.running
    fleet = Fleet.on(stack, receiver)
    with Killer(stack.workers[0], every=3) as killer:
        fleet.create(JOBS)
        await fleet.wait_until_told(seconds=150)
    assert killer.kills > 0
    fleet.check_each_once()
