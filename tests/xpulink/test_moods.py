"""The client against single quirks of the stand-in: what it makes of answers that need a decision."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.outcomes import Answered, NotOffered, Outcome, Rejected
from domain.platform import JobRequest
from simulator.options import Options
from simulator.server import serving
from xpulink.client import XPULinkClient

from .test_simulator import KEY, created, ended, uploaded

Ask = Callable[[XPULinkClient, str], Awaitable[Outcome[Any]]]


async def jobs(client: XPULinkClient, _job: str) -> Outcome[Any]:
    return await client.jobs(after=None, limit=100)


async def events(client: XPULinkClient, job: str) -> Outcome[Any]:
    return await client.events(job, after=None, limit=100)


async def content(client: XPULinkClient, job: str) -> Outcome[Any]:
    done = await ended(client, job)
    return await client.file_content(done.result_files[0], limit_bytes=1024**2)


async def create(client: XPULinkClient, _job: str) -> Outcome[Any]:
    return await client.create_job(JobRequest("qwen3-32b", (await uploaded(client)).id, "sub_2"))


@pytest.mark.parametrize(
    ("quirk", "ask", "kind", "code"),
    [
        ("endless@list", jobs, Rejected, "too_large"),
        ("gzip_bomb@events", events, Rejected, "too_large"),
        ("events_huge", events, Rejected, "too_large"),
        ("results_html", content, Rejected, "not_a_file"),
        ("events_nan", events, Answered, None),
        ("events_dirty", events, Answered, None),
        ("byte_order_mark", jobs, Answered, None),
        ("wrong_content_type", jobs, Answered, None),
        ("list_bare", jobs, Answered, None),
        ("no_events", events, NotOffered, None),
        ("no_events_html", events, NotOffered, None),
        ("no_content_501", content, NotOffered, None),
    ],
)
async def test_what_an_answer_comes_to(
    start: Any, quirk: str, ask: Ask, kind: type, code: str | None
) -> None:
    url = await start.enter(serving(Options(job_seconds=0, quirks=(quirk,))))
    client = start.client(url, key=KEY)
    outcome = await ask(client, (await created(client)).id)
    assert (type(outcome), getattr(outcome, "code", None)) == (kind, code)


@pytest.mark.parametrize("quirk", ["refuses_metadata", "refuses_metadata_422"])
async def test_a_refusal_of_metadata_names_it_however_it_is_written(start: Any, quirk: str) -> None:
    url = await start.enter(serving(Options(quirks=(quirk,))))
    outcome = await create(start.client(url, key=KEY), "")
    assert isinstance(outcome, Rejected)
    assert outcome.param == "metadata"
