"""What was answered is written in the end, though the database is away meanwhile or the process stops."""

import asyncio
from collections.abc import Sequence

from api.answered import Answered
from domain.create_requests import Answer, Try
from domain.errors import Unavailable

from .conftest import Log

THIS = Try(b"the same", 0)


class Notebook:
    """A database that is away for as many writes as it is told, and takes its time if it is told."""

    def __init__(self, *, away: int = 0) -> None:
        self.away = away
        self.written: list[str] = []
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def write(self, answers: Sequence[Answer]) -> None:
        self.begun.set()
        await self.go.wait()
        if self.away:
            self.away -= 1
            raise Unavailable
        self.written += [answer.job_id for answer in answers]


def hand_over(answered: Answered, *job_ids: str) -> None:
    for job_id in job_ids:
        answered.settle(job_id, THIS, handed_over=True)


def unwritten(answered: Answered) -> list[str]:
    return [answer.job_id for answer in answered.unwritten(THIS)]


async def test_what_the_database_did_not_take_is_kept_before_what_came_meanwhile() -> None:
    notebook = Notebook(away=1)
    answered = Answered(notebook.write)
    hand_over(answered, "a", "b")
    notebook.go.clear()
    flushing = asyncio.create_task(answered.flush())
    await notebook.begun.wait()
    hand_over(answered, "c")
    notebook.go.set()
    await flushing
    assert (notebook.written, unwritten(answered)) == ([], ["a", "b", "c"])
    await answered.flush()
    assert (notebook.written, unwritten(answered)) == (["a", "b", "c"], [])


async def test_of_more_than_it_keeps_the_oldest_are_forgotten() -> None:
    notebook = Notebook(away=1)
    answered = Answered(notebook.write, most=2)
    hand_over(answered, "a", "b")
    await answered.flush()
    hand_over(answered, "c")
    await answered.flush()
    assert notebook.written == ["b", "c"]


async def test_it_tries_again_by_itself_until_the_database_is_back() -> None:
    notebook = Notebook(away=2)
    answered = Answered(notebook.write, again_after=0.001)
    await answered.start()
    hand_over(answered, "a")
    async with asyncio.timeout(20):
        while not notebook.written:
            notebook.begun.clear()
            await notebook.begun.wait()
    await answered.close()
    assert notebook.written == ["a"]


async def test_what_breaks_a_write_is_lost_alone(log: Log) -> None:
    log.failures_expected = True
    notebook, broken = Notebook(), True

    async def write(answers: Sequence[Answer]) -> None:
        nonlocal broken
        if broken:
            broken = False
            raise ZeroDivisionError
        await notebook.write(answers)

    answered = Answered(write)
    await answered.start()
    hand_over(answered, "job-1")
    await log.line(event="noting answers broke")
    hand_over(answered, "job-2")
    await notebook.begun.wait()
    await answered.close()
    assert notebook.written == ["job-2"]


async def test_the_end_waits_for_a_write_under_way_and_writes_what_came_meanwhile() -> None:
    notebook = Notebook()
    notebook.go.clear()
    answered = Answered(notebook.write)
    await answered.start()
    hand_over(answered, "a")
    await notebook.begun.wait()
    closing = asyncio.create_task(answered.close())
    await asyncio.sleep(0)  # the end has begun
    hand_over(answered, "b")
    notebook.go.set()
    await closing
    assert notebook.written == ["a", "b"]


async def test_the_end_does_not_wait_for_a_database_that_hangs() -> None:
    notebook = Notebook()
    notebook.go.clear()
    answered = Answered(notebook.write, patience=0.01)
    await answered.start()
    hand_over(answered, "a")
    async with asyncio.timeout(20):
        await answered.close()
    assert notebook.written == []
