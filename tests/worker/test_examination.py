"""Training files looked at: what jobs then train on, and what dies on the way."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from domain.job_state import JobState
from domain.training_data.personal_data.policies import Policy
from examining.pool import Pool
from services import file_reports, files
from services.file_reports import ATTEMPTS_ALLOWED, Examination
from services.transitions import ClaimLost
from tests.cutting import Cut, Path
from worker.context import Context
from worker.steps.examine import examine
from worker.sweeps import blobs as unused_blobs

from .customer import until
from .test_stray_blobs import store, swept

PHONE = "13812345678"
WAITS = "The job waits until its files have been examined"


def line(answer: str) -> bytes:
    messages = [{"role": "user", "content": "Whom do I call?"}, {"role": "assistant", "content": answer}]
    return orjson.dumps({"messages": messages}, option=orjson.OPT_APPEND_NEWLINE)


GOOD = b"".join(line(f"Nobody, {n}.") for n in range(30))
PERSONAL = GOOD + line(f"Call {PHONE}.")
FAULTY = GOOD + b"{}\n" + line("The last one.")
CLEANED = GOOD + line("The last one.")


@pytest.fixture(scope="module")
async def examiners() -> AsyncIterator[Pool]:
    """One process that these tests share: each costs a second of processor time."""
    pool = Pool(1)
    yield pool
    pool.close()


@pytest.fixture
async def context(rig: Any, examiners: Pool) -> Context:
    context: Context = replace(rig.sweeping(), examiners=examiners)
    return context


async def claim(rig: Any, file: str) -> Examination:
    """Claim a file as a worker does; it is put off no longer."""
    await rig.sql("UPDATE file_reports SET due_at = now() WHERE file_id = :id", id=file)
    async with rig.database.transaction() as session:
        (claimed,) = await file_reports.claim(session, token=uuid4(), lease=timedelta(minutes=1), limit=5)
    assert claimed.file_id == file
    found: Examination = claimed
    return found


async def uploaded(rig: Any, content: bytes, policy: Policy = Policy.WARN, ratio: float = 0.0) -> str:
    async with rig.database.transaction() as session:
        await file_reports.set_policy(session, project_id=rig.project_id, policy=policy)
    file: str = await rig.file(content, examine=True, max_invalid_ratio=ratio)
    return file


async def report(rig: Any, file: str) -> dict[str, Any]:
    async with rig.database.transaction() as session:
        kept = await file_reports.get(session, project_id=rig.project_id, file_id=file)
    return file_reports.told(kept)


async def status_of(rig: Any, file: str) -> tuple[str, str | None]:
    row = await rig.sql("SELECT status, status_details FROM files WHERE id = :id", id=file)
    return tuple(row[0])


def kept(rig: Any, file: str) -> dict[str, bytes]:
    """What the storage has of a file, half-written copies as well."""
    folder = rig.folder / "blobs" / "files"
    return {path.name.removeprefix(file): path.read_bytes() for path in folder.glob(f"{file}*")}


def sent(rig: Any) -> list[bytes]:
    """What the platform has got."""
    stored = rig.stand_in.store
    return [
        (stored.blobs / id_).read_bytes() for id_, row in stored.files.items() if row.purpose == "fine-tune"
    ]


async def busy(pool: Pool) -> None:
    async def at_work() -> bool:
        return pool._busy > 0

    await until(at_work, "a piece is looked at")


def signalled(pool: Pool, number: signal.Signals) -> None:
    """Send a signal to each process of a pool that is there."""
    executor = pool._executor
    for process in [] if executor is None else executor._processes.values():
        if process.is_alive():
            os.kill(process.pid, number)


@contextmanager
def stopped(pool: Pool) -> Iterator[None]:
    """Let no process of a pool go on, as if each had much to do."""
    signalled(pool, signal.SIGSTOP)
    try:
        yield
    finally:
        signalled(pool, signal.SIGCONT)


@pytest.fixture
async def warm(rig: Any, context: Context) -> None:
    """See to it that the process that is shared is there."""
    file = await uploaded(rig, GOOD)
    await examine(context, await claim(rig, file))


async def test_a_file_is_examined_and_its_report_is_complete(rig: Any, context: Context) -> None:
    file = await uploaded(rig, PERSONAL)
    assert await status_of(rig, file) == ("processed", None)
    await examine(context, await claim(rig, file))
    told = await report(rig, file)
    assert (told["status"], told["summary"]["tokens"]["exact"]) == ("complete", True)
    assert told["summary"]["personal_data"]["by_kind"] == {"phone_number": 1}
    async with rig.database.transaction() as session:
        page = await file_reports.tokens(
            session, project_id=rig.project_id, file_id=file, after=0, limit=1000
        )
    assert [each["line"] for each in page["data"]] == [*range(1, 32)]
    assert sum(each["tokens"] for each in page["data"]) == told["summary"]["tokens"]["total"]
    assert set(kept(rig, file)) == {""}
    async with rig.database.transaction() as session:
        assert not await file_reports.claim(session, token=uuid4(), lease=timedelta(1), limit=5)


async def test_what_is_redacted_reaches_the_platform_and_never_the_original(
    rig: Any, context: Context, warm: None
) -> None:
    file = await uploaded(rig, PERSONAL, Policy.REDACT)
    assert await status_of(rig, file) == ("uploaded", None)
    job = await rig.create(training_file_id=file)
    with stopped(context.examiners):
        async with rig.moving(context):

            async def waits() -> bool:
                return WAITS in await rig.lines(job)

            await until(waits, "the job waits")
            await busy(context.examiners)
            await rig.sql("UPDATE jobs SET next_step_at = now()")  # one more look

            async def looked_again() -> bool:
                return bool(await rig.value("SELECT next_step_at > now() FROM jobs"))

            await until(looked_again, "the job is looked at again")
            assert (await rig.get(job)).state is JobState.RECEIVED
            assert not rig.requests("upload")
            signalled(context.examiners, signal.SIGCONT)
            assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert (await rig.lines(job)).count(WAITS) == 1
    assert await status_of(rig, file) == ("processed", None)
    copies = kept(rig, file)
    assert copies == {"": PERSONAL, ".1": PERSONAL.replace(PHONE.encode(), b"[PHONE_1]")}
    assert sent(rig) == [copies[".1"]]
    told = (await report(rig, file))["summary"]["copy"]
    assert told == {"bytes": len(copies[".1"]), "lines_left_out": 0, "lines_changed": 1}


async def test_without_personal_data_there_is_no_copy_to_redact(rig: Any, context: Context) -> None:
    file = await uploaded(rig, GOOD, Policy.REDACT)
    await examine(context, await claim(rig, file))
    assert await status_of(rig, file) == ("processed", None)
    assert set(kept(rig, file)) == {""}


async def test_a_blocked_file_cannot_be_used_and_its_job_fails_for_it(rig: Any, context: Context) -> None:
    file = await uploaded(rig, PERSONAL + b"{}\n", Policy.BLOCK, ratio=0.5)
    job = await rig.create(training_file_id=file)
    async with rig.moving(context):
        ended = await rig.ends(job)
    assert (ended.error_code, rig.requests("upload")) == ("invalid_training_file", 0)
    status, details = await status_of(rig, file)
    assert status == "error"
    assert details is not None
    for words in ("Line 31", "1 phone number", "第 31 行", "'redact'"):
        assert words in details
    assert PHONE not in details
    assert "Line 31" in (ended.error_message or "")
    assert set(kept(rig, file)) == {""}


async def test_what_is_allowed_is_not_looked_for(rig: Any, context: Context) -> None:
    file = await uploaded(rig, PERSONAL, Policy.ALLOW)
    await examine(context, await claim(rig, file))
    told = await report(rig, file)
    assert told["status"] == "complete"
    assert "personal_data" not in told["summary"]


async def test_of_a_file_with_tolerated_faults_the_platform_gets_the_good_lines(
    rig: Any, context: Context
) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    assert (await status_of(rig, file))[0] == "uploaded"
    job = await rig.create(training_file_id=file)
    async with rig.moving(context):
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert sent(rig) == [CLEANED]
    assert kept(rig, file) == {"": FAULTY, ".1": CLEANED}
    assert (await report(rig, file))["summary"]["copy"]["lines_left_out"] == 1


async def killed_while_it_looks(rig: Any, context: Context, file: str) -> None:
    """Look at a file whose process dies in the middle."""
    before = set(multiprocessing.active_children())
    claimed = await claim(rig, file)
    looking = asyncio.create_task(examine(context, claimed))

    async def begun() -> list[int]:
        return [each.pid for each in multiprocessing.active_children() if each not in before and each.pid]

    if claimed.attempt == 1:
        with stopped(context.examiners):
            await busy(context.examiners)
            signalled(context.examiners, signal.SIGKILL)
    else:  # one of its own
        for pid in await until(begun, "a process is started"):
            os.kill(pid, signal.SIGKILL)
    await looking


async def test_a_file_whose_process_dies_is_tried_three_times_and_others_go_on(
    rig: Any, context: Context, warm: None
) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    job = await rig.create(training_file_id=file)
    for attempt in range(1, ATTEMPTS_ALLOWED + 1):
        assert (await status_of(rig, file))[0] == "uploaded"
        await killed_while_it_looks(rig, context, file)
        assert await rig.value("SELECT attempts FROM file_reports WHERE file_id = :id", id=file) == attempt
    other = await uploaded(rig, GOOD)
    async with rig.moving(context):
        assert (await rig.ends(job)).error_code == "invalid_training_file"

        async def examined() -> bool:
            return bool((await report(rig, other))["status"] == "complete")

        await until(examined, "the other file is examined")
    status, details = await status_of(rig, file)
    assert (status, "could not be examined" in str(details)) == ("error", True)
    told = await report(rig, file)
    assert (told["status"], bool(told["summary"]["failure"])) == ("failed", True)
    assert set(kept(rig, file)) == {""}


async def test_a_file_that_five_workers_died_of_is_given_up(rig: Any, context: Context) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    await rig.sql("UPDATE file_reports SET attempts = 5, due_at = now() WHERE file_id = :id", id=file)
    await examine(context, await claim(rig, file))
    status, details = await status_of(rig, file)
    assert (status, "workers" in str(details)) == ("error", True)


async def test_a_file_without_one_good_line_is_examined_too(rig: Any, context: Context) -> None:
    file = await uploaded(rig, b"{}\n" * 3)
    await examine(context, await claim(rig, file))
    told = await report(rig, file)
    assert (told["status"], told["summary"]["tokens"]["total"]) == ("complete", 0)
    assert (await status_of(rig, file))[0] == "error"


async def test_a_worker_that_stops_hands_the_file_back(rig: Any, context: Context, warm: None) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    with stopped(context.examiners):
        async with rig.moving(context):
            await busy(context.examiners)
    row = "SELECT attempts, claim_token, finished_at FROM file_reports WHERE file_id = :id"
    assert await rig.sql(row, id=file) == [(0, None, None)]
    assert set(kept(rig, file)) == {""}


async def test_a_look_whose_claim_is_lost_keeps_nothing(rig: Any, context: Context) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    claimed = await claim(rig, file)
    await rig.sql("UPDATE file_reports SET claim_token = gen_random_uuid() WHERE file_id = :id", id=file)
    with pytest.raises(ClaimLost):
        await examine(context, claimed)
    assert set(kept(rig, file)) == {""}
    assert (await status_of(rig, file))[0] == "uploaded"


@pytest.mark.parametrize("bytes_gone", [False, True])
async def test_of_a_file_that_is_deleted_meanwhile_no_blob_stays(
    rig: Any, context: Context, *, bytes_gone: bool
) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    claimed = await claim(rig, file)
    async with rig.database.transaction() as session:
        await files.delete(session, project_id=rig.project_id, file_id=file)
    if bytes_gone:
        await unused_blobs.run_once(context)
    with pytest.raises(ClaimLost):
        await examine(context, claimed)
    await unused_blobs.run_once(context)
    assert not kept(rig, file)


@pytest.mark.parametrize("cut", Cut)
async def test_a_copy_stays_where_only_the_answer_to_its_record_was_lost(
    rig: Any, context: Context, cut: Cut
) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    claimed = await claim(rig, file)
    async with Path(rig.database_url) as path, rig.context(database_url=path.url) as own:
        path.cuts = [(claimed.copy_key.encode(), cut)]
        await examine(replace(own, examiners=context.examiners), claimed)
        assert path.cuts == []
    assert kept(rig, file) == {"": FAULTY, ".1": CLEANED}
    assert (await status_of(rig, file))[0] == "processed"


async def test_the_sweep_of_strays_spares_a_copy_in_the_making_and_takes_an_orphan(rig: Any) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    await store(rig, f"files/{file}.1")
    assert await swept(rig) == {"deleted": 0, "kept": 0}
    done = "UPDATE file_reports SET finished_at = now(), failure = 'f' WHERE file_id = :id"
    await rig.sql(done, id=file)
    assert await swept(rig) == {"deleted": 1, "kept": 0}
    assert set(kept(rig, file)) == {""}


async def test_a_file_that_has_expired_is_examined_for_the_job_that_waits(rig: Any, context: Context) -> None:
    file = await uploaded(rig, FAULTY, ratio=0.1)
    job = await rig.create(training_file_id=file)
    await rig.sql("UPDATE files SET expires_at = now() WHERE id = :id", id=file)
    async with rig.moving(context):
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
