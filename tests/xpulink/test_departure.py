"""A create that may not leave any more: whoever wanted it sent has been taken over."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.outcomes import Ambiguous, Answered, Retryable
from domain.platform import JobRequest
from worker import clock
from worker.clock import Sure

REQUEST = JobRequest("qwen3-32b", "file-1", "sub_1")
TAKEN = b'HTTP/1.1 200 OK\r\ncontent-length: 37\r\n\r\n{"id": "ftjob-1", "status": "queued"}'


def answers(said: str) -> Callable[[], bool]:
    """Answer y(es) or n(o), one after the other; nobody asks more often."""
    left = list(said)
    return lambda: left.pop(0) == "y"


async def test_nothing_leaves_once_it_is_too_late(start: Any) -> None:
    server = await start.answering(TAKEN)
    outcome = await start.client(server.url).create_job(REQUEST, in_time=answers("n"))
    assert isinstance(outcome, Retryable)
    assert "no longer ours to send" in outcome.reason
    assert outcome.ours
    assert server.requests == []


async def test_a_process_that_stood_still_between_head_and_body_sends_no_body(start: Any) -> None:
    got: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def keep_all(reader: Any, _writer: Any) -> None:
        got.set_result(await reader.read())

    server = await start.serve(keep_all)
    outcome = await start.client(server.url).create_job(REQUEST, in_time=answers("yn"))
    assert isinstance(outcome, Ambiguous)  # the head left: it is looked for
    sent = await asyncio.wait_for(got, 20)
    assert sent.startswith(b"POST ")
    assert b"qwen3" not in sent


async def test_a_create_in_time_leaves_and_is_asked_for_twice(start: Any) -> None:
    server = await start.answering(TAKEN)
    asked = answers("yy")
    assert isinstance(await start.client(server.url).create_job(REQUEST, in_time=asked), Answered)
    with pytest.raises(IndexError):
        asked()


def test_a_claim_is_relied_on_for_less_than_its_lease() -> None:
    assert not Sure(timedelta(0))()
    lease = timedelta(seconds=100)
    began = clock.now()
    sure = Sure(lease)
    assert sure()
    assert sure._ends - clock.now() <= lease.total_seconds() * 0.8 <= sure._ends - began
