"""Whatever the platform's mood: what we answer is strictly OpenAI's, and each job reaches its right end."""

import asyncio
import base64
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from sqlalchemy import text

from services import api_keys, credentials
from services.secret_box import SecretBox
from simulator.quirks.moods import MOODS
from simulator.quirks.table import QUIRKS

from .conftest import EXAMPLES
from .customer import PATIENCE
from .mood_cases import NOT_ABOUT_JOBS, cases, routes_missing
from .zoo import Case, Stack, stack, working

ORDER = ["queued", "running", "succeeded", "failed", "cancelled"]


@dataclass
class Watched:
    """One case while it runs, and what was wrong with it."""

    number: int
    case: Case
    id: str = ""
    shown: list[str] = field(default_factory=list)
    cancel_sent: bool = False
    wrong: list[str] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        return bool(self.shown) and self.shown[-1] in {"succeeded", "failed", "cancelled"}

    def note(self, status: str) -> bool:
        """Take in what is shown; tell whether it is news."""
        if self.shown and self.shown[-1] == status:
            return False
        self.shown.append(status)
        return True


def test_every_quirk_that_concerns_jobs_has_its_case() -> None:
    covered = {quirk.partition("@")[0] for case in cases() for quirk in case.quirks}
    assert QUIRKS.keys() - covered == {"relentless"} | NOT_ABOUT_JOBS
    assert set(MOODS) <= covered


@pytest.mark.timeout(300)
async def test_every_mood_leaves_our_answers_strict_and_brings_each_job_to_its_end(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(cases(), database_url, tmp_path) as on:
        key = await project(on)
        async with AsyncOpenAI(
            api_key=key, base_url=on.api_url, max_retries=0, _strict_response_validation=True
        ) as sdk:
            watched = await create(on, sdk)
            async with working(on):
                await watch(on, sdk, watched)
            for one in watched:
                await check(on, sdk, one)
    wrong = {f"{one.number} {one.case.name}": one.wrong for one in watched if one.wrong}
    assert not wrong, "\n".join(f"{name}: {faults}" for name, faults in wrong.items())


async def project(on: Stack) -> str:
    async with on.database.transaction() as session:
        made = await api_keys.create(session, SecretBox([_any_key()]), project="one")
    return made.api_key


def _any_key() -> str:
    from cryptography.fernet import Fernet  # noqa: PLC0415

    return Fernet.generate_key().decode()


async def create(on: Stack, sdk: AsyncOpenAI) -> list[Watched]:
    """Create each case's job, and give it to its platform before a worker sees it."""
    file = await sdk.files.create(file=("train.jsonl", EXAMPLES), purpose="fine-tune")
    watched = [Watched(number, case) for number, case in enumerate(on.zoo.cases)]
    for one in watched:
        job = await sdk.fine_tuning.jobs.create(
            model="qwen3-32b",
            training_file=file.id,
            hyperparameters={"n_epochs": 1},
            extra_body=dict(one.case.asks),
        )
        one.id = job.id
    async with on.database.transaction() as session:
        for one in watched:
            values = {"id": one.id, "account": on.credentials[one.number]}
            await session.execute(text("UPDATE jobs SET credential_id = :account WHERE id = :id"), values)
    return watched


async def watch(on: Stack, sdk: AsyncOpenAI, watched: list[Watched]) -> None:
    """Look at all jobs until they have ended, as a client would; let long waits pass."""
    give_up = time.monotonic() + 12 * PATIENCE
    by_id = {one.id: one for one in watched}
    while not all(one.ended for one in watched):
        assert time.monotonic() < give_up, [
            (one.case.name, one.shown) for one in watched if not one.ended and not one.case.ages
        ][:9]
        async for job in sdk.fine_tuning.jobs.list(limit=100):
            if by_id[job.id].note(job.status) and job.status == "running":
                await look(sdk, by_id[job.id])
        for _ in range(3):
            await cancel(on, sdk, watched)
            await let_time_pass(on, watched)
            await asyncio.sleep(0.1)


async def look(sdk: AsyncOpenAI, one: Watched) -> None:
    """Read everything there is about a job; strict mode raises on whatever is not OpenAI's."""
    one.note((await sdk.fine_tuning.jobs.retrieve(one.id)).status)
    await sdk.fine_tuning.jobs.list_events(one.id, limit=5)


async def cancel(on: Stack, sdk: AsyncOpenAI, watched: list[Watched]) -> None:
    """Cancel what is to be cancelled as soon as it is with the platform."""
    wanted = {one.id: one for one in watched if one.case.cancelled and not one.cancel_sent}
    async with on.database.transaction() as session:
        tracked = (
            (await session.execute(text("SELECT id FROM jobs WHERE state = 'tracking'"))).scalars().all()
        )
    for id_ in wanted.keys() & set(tracked):
        await sdk.fine_tuning.jobs.cancel(id_)
        wanted[id_].cancel_sent = True


# how far a platform's job is after so many looks at it, whatever the machine's pace
SHARES = (0.3, 0.5, 1.0)
PASS = """
    UPDATE jobs SET next_step_at = now()
     WHERE finished_at IS NULL AND claim_token IS NULL AND next_step_at > now()
       AND (:all OR NOT id = ANY(:waiting))"""
UNPARK = "UPDATE platform_credentials SET parked_until = NULL WHERE parked_until <= now() + interval '901 s'"
AGE = (
    "UPDATE jobs SET state_since = now() - interval '11 min' WHERE id = ANY(:ids) AND state = 'collecting'",
    "UPDATE platform_submissions SET intent_at = intent_at - interval '25 h' WHERE job_id = ANY(:ids)",
)


async def let_time_pass(on: Stack, watched: list[Watched]) -> None:
    """Bring forward what waits after a failure; a day passes for those that need it once all others ended."""
    waiting = [one.id for one in watched if one.case.ages and not one.ended]
    others = [one for one in watched if not one.case.ages and not one.ended]
    async with on.database.transaction() as session:
        await session.execute(text(PASS), {"all": not others, "waiting": waiting})
        await session.execute(text(UNPARK))
        for statement in () if others else AGE:
            await session.execute(text(statement), {"ids": waiting})
        looks = {
            row.id: row for row in await session.execute(text("SELECT id, polls, cancel_sent_at FROM jobs"))
        }
    for one in watched:
        seen = looks[one.id]
        furthest = -2 if one.case.cancelled and seen.cancel_sent_at is None else -1
        on.zoo.reach(one.number, min(SHARES[furthest], SHARES[min(seen.polls, len(SHARES) - 1)]))


async def check(on: Stack, sdk: AsyncOpenAI, one: Watched) -> None:
    """Note what is not as it should be at the end."""
    job = await sdk.fine_tuning.jobs.retrieve(one.id)
    events = [event async for event in sdk.fine_tuning.jobs.list_events(one.id, limit=100)]
    case, expect = one.case, one.wrong
    code = job.error.code if job.error else None
    if (job.status, code) != (case.end, case.code):
        expect.append(f"ended {job.status} {job.error}")
    if sorted(one.shown, key=ORDER.index) != one.shown or len(set(one.shown)) != len(one.shown):
        expect.append(f"showed {one.shown}")
    if not any(case.says in event.message for event in events):
        expect.append(f"does not say {case.says!r} but {[event.message for event in events][:9]}")
    if (job.status == "succeeded") != bool(job.fine_tuned_model):
        expect.append(f"model {job.fine_tuned_model!r}")
    if dirty := [
        said for said in strings([job.to_dict(), [event.to_dict() for event in events]]) if is_dirty(said)
    ]:
        expect.append(f"dirty {dirty[:3]}")
    await check_results(sdk, one, job.result_files)
    await check_platform(on, one)
    await check_checkpoints(on, sdk, one)


async def check_results(sdk: AsyncOpenAI, one: Watched, files: list[str]) -> None:
    """Whatever the platform gave: a client that decodes without asking gets CSV."""
    for file in files if "results" in one.case.name else ():
        content = (await sdk.files.content(file)).content
        if not base64.b64decode(content).startswith(b"step,"):
            one.wrong.append(f"results {content[:60]!r}")


async def check_platform(on: Stack, one: Watched) -> None:
    store = on.zoo.stand_in(one.number).store
    if len(store.jobs) != one.case.created or any(count > 1 for count in store.creates.values()):
        one.wrong.append(f"{len(store.jobs)} jobs on the platform, creates {dict(store.creates)}")
    async with on.database.transaction() as session:
        missing = await credentials.missing_routes(session, credential_id=on.credentials[one.number])
    lacks = {quirk.split("_")[1] for quirk in one.case.quirks if quirk in routes_missing()} - {"list"}
    if lacks and missing != lacks:
        one.wrong.append(f"remembers {missing} as missing")


async def check_checkpoints(on: Stack, sdk: AsyncOpenAI, one: Watched) -> None:
    if any("checkpoints" in getattr(route, "path", "") for route in on.api.routes):
        async for saved in sdk.fine_tuning.jobs.checkpoints.list(one.id):
            if saved.fine_tuning_job_id != one.id:
                one.wrong.append(f"checkpoint of {saved.fine_tuning_job_id}")
    async with on.database.transaction() as session:
        rows = await session.execute(
            text("SELECT step_number, model, metrics FROM checkpoints WHERE job_id = :id"), {"id": one.id}
        )
        kept = [(step, model, metrics) for step, model, metrics in rows]
    if any(not isinstance(number, float | int) for _, _, metrics in kept for number in metrics.values()):
        one.wrong.append(f"checkpoints {kept}")


async def test_what_cannot_be_cancelled_is_said_to_be_so(database_url: str, tmp_path: Path) -> None:
    case = Case(quirks=("no_cancel",), cancelled=True)
    async with (
        stack([case], database_url, tmp_path) as on,
        AsyncOpenAI(
            api_key=await project(on), base_url=on.api_url, max_retries=0, _strict_response_validation=True
        ) as sdk,
    ):
        (one,) = await create(on, sdk)
        async with working(on):
            while not one.cancel_sent:
                await cancel(on, sdk, [one])
                await asyncio.sleep(0.03)
            refused = None
            while refused is None:
                try:
                    await sdk.fine_tuning.jobs.cancel(one.id)
                except openai.ConflictError as error:
                    refused = error.code
                await asyncio.sleep(0.03)
    assert refused == "platform_cannot_cancel"


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys as well."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def is_dirty(said: str) -> bool:
    """Whether it acts on a terminal, deceives a reader, or cannot be stored."""
    return any(
        unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t" for letter in said
    ) or bool(set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(said))
