"""The probe that may cost money: a file is uploaded, a job created, looked at, and cancelled if it can be."""

import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.outcomes import Answered, NotOffered, Outcome, Rejected
from domain.platform import MARKER_KEY, PlatformFile, PlatformJob
from xpulink import wire
from xpulink.check import shapes
from xpulink.check.asking import Asker, in_words, outcome, segment, value
from xpulink.check.report import Report, Verdict
from xpulink.classify import settle
from xpulink.exchange import Answer, Silence
from xpulink.upload import Multipart

LONGER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Trial:
    """What to try with: a training file, and the platform's name of a model."""

    filename: str
    content: bytes
    model: str


async def attempt(asker: Asker, report: Report, trial: Trial) -> None:
    """Upload, create, look, cancel; what is learnt replaces what was only guessed."""
    file = await _upload(asker, report, trial)
    if file is None:
        return
    marker = f"check_{secrets.token_hex(8)}"
    job = await _create(asker, report, trial, file, marker)
    if job is None:
        return
    try:
        await _look(asker, report, job, marker)
    finally:
        await _cancel(asker, report, job)


async def _upload(asker: Asker, report: Report, trial: Trial) -> str | None:
    async def content() -> AsyncIterator[bytes]:
        yield trial.content

    body = Multipart(filename=trial.filename, size=len(trial.content), content=content)
    came = await asker.ask_once("POST", asker.places.files, longer=LONGER, content=body, headers=body.headers)
    found: Outcome[PlatformFile] = outcome(came, wire.read_file)
    if isinstance(found, Answered):
        report.note("upload a file", Verdict.YES, *shapes.oddities(shapes.FILE, [value(came)]))
        return found.value.id
    report.note("upload a file", _judged(found), in_words(came))
    return None


async def _create(asker: Asker, report: Report, trial: Trial, file: str, marker: str) -> str | None:
    asked: dict[str, Any] = {"model": trial.model, "training_file": file, "metadata": {MARKER_KEY: marker}}
    came, found = await _send(asker, asked)
    if isinstance(found, Rejected) and "metadata" in f"{found.param} {found.message}".lower():
        report.note("takes metadata", Verdict.NO, in_words(came), "the service asks again without")
        came, found = await _send(asker, {"model": trial.model, "training_file": file})
    elif isinstance(found, Answered):
        report.note("takes metadata", Verdict.YES)
    if isinstance(found, Answered):
        odd = shapes.oddities(shapes.JOB, [value(came)])
        report.note("create a job", Verdict.YES, f"made {found.value.id}", *odd[:8])
        return found.value.id
    report.note("create a job", _judged(found), in_words(came))
    if report.verdict("create a job") is Verdict.UNKNOWN:
        report.warnings.append(
            f"A job may have been created. Look on the platform for one with the file {file} "
            f"or the metadata {MARKER_KEY}={marker}, and cancel it there."
        )
    return None


async def _send(asker: Asker, asked: dict[str, Any]) -> tuple[Answer | Silence, Outcome[PlatformJob]]:
    headers = {"content-type": "application/json"}
    body = json.dumps(asked).encode()
    came = await asker.ask_once("POST", asker.places.jobs, longer=LONGER, content=body, headers=headers)
    return came, settle(came, lambda answer: wire.read_job(wire.decode(answer)), once=True)


def _judged(found: Outcome[Any]) -> Verdict:
    return Verdict.NO if isinstance(found, Rejected | NotOffered) else Verdict.UNKNOWN


async def _look(asker: Asker, report: Report, job: str, marker: str) -> None:
    came = await asker.ask("GET", f"{asker.places.jobs}/{segment(job)}")
    found = outcome(came, wire.read_job)
    if not isinstance(found, Answered):
        report.note("retrieve a job", _judged(found), in_words(came))
        return
    report.note("retrieve a job", Verdict.YES)
    _statuses(report, value(came))
    if report.verdict("takes metadata") is Verdict.YES:
        echoed = found.value.marker == marker
        note = "" if echoed else "so every job uploads a file of its own, to be found by"
        report.note("metadata comes back", Verdict.YES if echoed else Verdict.NO, note)
    else:
        report.note("metadata comes back", Verdict.NO, "it is refused")


def _statuses(report: Report, job: Any) -> None:
    """Say of the one job that was made what could not be said of none."""
    if report.verdict("OpenAI's job fields") is Verdict.UNKNOWN:
        odd = shapes.oddities(shapes.JOB, [job])
        seen, strange = shapes.words([job])
        report.note("OpenAI's statuses", Verdict.NO if strange else Verdict.YES, *seen, *strange)
        report.note("OpenAI's job fields", Verdict.NO if odd else Verdict.YES, *odd[:12])


async def _cancel(asker: Asker, report: Report, job: str) -> None:
    came = await asker.ask("POST", f"{asker.places.jobs}/{segment(job)}/cancel")
    found = outcome(came, wire.read_job)
    if isinstance(found, Answered):
        report.note("cancel a job", Verdict.YES, f"{job} is {found.value.raw_status or 'cancelled'}")
        return
    report.note("cancel a job", _judged(found), in_words(came))
    report.warnings.append(f"The job {job} was not cancelled and may cost money. End it on the platform.")
