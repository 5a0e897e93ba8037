"""Whose turn it is among requests that would wait for each other."""

import asyncio

import pytest

from api.turns import OneByOne
from domain.errors import Unavailable


async def test_one_key_s_requests_go_one_by_one_in_their_order_and_leave_nothing_behind() -> None:
    turns = OneByOne()
    order: list[int] = []

    async def request(number: int) -> None:
        async with turns.turn_of(b"same"):
            order.append(number)
            await asyncio.sleep(0)
            order.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(3):
            tasks.create_task(request(number))
    assert order == [0, 0, 1, 1, 2, 2]
    assert len(turns) == 0


async def test_other_keys_do_not_wait_and_nobody_waits_for_ever() -> None:
    turns = OneByOne(patience=0.01)
    async with turns.turn_of(b"one"), turns.turn_of(b"other"):
        with pytest.raises(Unavailable, match="still under way"):
            async with turns.turn_of(b"one"):
                raise AssertionError("two at once")
    async with turns.turn_of(b"one"):
        assert len(turns) == 1


async def test_who_leaves_the_queue_or_fails_makes_room_for_the_next() -> None:
    turns = OneByOne()
    with pytest.raises(ZeroDivisionError):
        async with turns.turn_of(b"same"):
            raise ZeroDivisionError
    async with turns.turn_of(b"same"):
        waiting = asyncio.create_task(turns.turn_of(b"same").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(20), turns.turn_of(b"same"):
        assert len(turns) == 1
