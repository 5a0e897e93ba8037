"""The probes that change nothing: they list, look at what is there, and ask for what certainly is not."""

from typing import Any, Final

from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Rejected, Retryable
from domain.platform import MARKER_KEY, OptionalRoute
from xpulink import scalars, wire
from xpulink.check import places, shapes
from xpulink.check.asking import Asker, in_words, outcome, segment, value
from xpulink.check.report import Report, Verdict
from xpulink.exchange import Answer, Silence

NOBODYS_JOB: Final = "ftjob-tuneward-check-0"
NOBODYS_FILE: Final = "file-tuneward-check-0"
LISTED: Final = "20"
CAPABILITIES: Final = {
    "list files": OptionalRoute.FILE_LIST,
    "events": OptionalRoute.EVENTS,
    "checkpoints": OptionalRoute.CHECKPOINTS,
    "file content": OptionalRoute.CONTENT,
    "cancel a job": OptionalRoute.CANCEL,
}
"""Capabilities whose absence the service remembers, by the names of their routes."""


async def look(asker: Asker) -> Report:
    """Ask everything that can be asked without changing anything."""
    report = Report(asker.base_url)
    first = await asker.ask("GET", asker.places.jobs, params={"limit": LISTED})
    report.problem = _closed(first)
    if report.problem is not None:
        return report
    await places.find(asker, report)
    jobs = await _list(asker, report)
    await _paging(asker, report, jobs)
    await _retrieve(asker, report, jobs)
    envelope = await _missing_job(asker, report)
    _words_and_fields(report, jobs)
    for name in ("takes metadata", "upload a file", "create a job"):
        report.note(name, Verdict.UNKNOWN, "only --submit shows")
    await _files(asker, report)
    await _optional(asker, report, jobs, envelope=envelope)
    await _models_and_chat(asker, report)
    _reliability(asker, report)
    if not envelope and report.verdict("list jobs") is Verdict.NO:
        report.problem = (
            f"Nothing there answers as a fine-tuning API does: the list of jobs {in_words(first)}. "
            "Check XPULINK_BASE_URL."
        )
    return report


def _closed(came: Answer | Silence) -> str | None:
    """Say why nothing more can be asked, and what to do."""
    if isinstance(came, Silence):
        return f"The platform cannot be reached ({came.reason}). Check XPULINK_BASE_URL and the network."
    if came.status in {401, 402, 403}:
        said = wire.read_refusal(came.body)
        why = f"{came.status}: {said.message[:200]}" if said else str(came.status)
        return f"The platform refuses the key ({why}). Check XPULINK_API_KEY, and the account's credit."
    return None


async def _list(asker: Asker, report: Report) -> list[Any]:
    came = await asker.ask("GET", asker.places.jobs, params={"limit": LISTED})
    listed = value(came)
    if not isinstance(listed, dict | list):
        report.note("list jobs", Verdict.NO, in_words(came), "a create whose answer is lost cannot be found")
        report.note("has_more", Verdict.UNKNOWN)
        return []
    jobs = shapes.items(listed)
    order = _order(jobs)
    report.note("list jobs", Verdict.YES, f"{len(jobs)} shown", order, *shapes.envelope(listed))
    more = listed.get("has_more") if isinstance(listed, dict) else None
    says = "" if isinstance(more, bool) else "then nobody can tell where the list ends"
    report.note("has_more", Verdict.YES if isinstance(more, bool) else Verdict.NO, says)
    return jobs


def _order(jobs: list[Any]) -> str:
    times = [scalars.moment(job.get("created_at")) for job in jobs if isinstance(job, dict)]
    known = [time for time in times if time is not None]
    if len(known) < 2 or known == sorted(known, reverse=True):  # noqa: PLR2004 - two make an order
        return ""
    return "not newest first, so absence from it proves nothing"


async def _paging(asker: Asker, report: Report, jobs: list[Any]) -> None:
    ids = [id_ for id_ in map(_id, jobs) if id_ is not None]
    if len(ids) < 2:  # noqa: PLR2004 - two make two pages
        report.note("paging by after", Verdict.UNKNOWN, "it takes two jobs to show")
        return
    came = await asker.ask("GET", asker.places.jobs, params={"limit": "1", "after": ids[0]})
    next_ids = [_id(job) for job in shapes.items(value(came))]
    if not next_ids:
        report.note("paging by after", Verdict.NO, in_words(came))
    elif next_ids[0] == ids[0]:
        report.note("paging by after", Verdict.NO, "it begins anew each time")
    else:
        limit = "" if len(next_ids) == 1 else f"limit=1 brings {len(next_ids)}"
        report.note("paging by after", Verdict.YES, limit)


async def _retrieve(asker: Asker, report: Report, jobs: list[Any]) -> None:
    id_ = next(filter(None, map(_id, jobs)), None)
    if id_ is None:
        report.note("retrieve a job", Verdict.UNKNOWN, "there is no job to look at")
        return
    came = await asker.ask("GET", f"{asker.places.jobs}/{segment(id_)}")
    found = outcome(came, wire.read_job)
    if not isinstance(found, Answered):
        unsure = isinstance(found, Retryable | Ambiguous)
        report.note("retrieve a job", Verdict.UNKNOWN if unsure else Verdict.NO, in_words(came))
        return
    other = "" if found.value.id == id_ else "it answers about another job"
    report.note("retrieve a job", Verdict.NO if other else Verdict.YES, other)


async def _missing_job(asker: Asker, report: Report) -> bool:
    """Tell whether a 404 for a job that is not there differs from one for a route that is not there."""
    came = await asker.ask("GET", f"{asker.places.jobs}/{NOBODYS_JOB}")
    found = outcome(came, wire.read_job)
    envelope = isinstance(found, NotFound)
    note = "not told from a missing route"
    notes = [] if envelope else [in_words(came), note]
    report.note("missing job is 404", Verdict.YES if envelope else Verdict.NO, *notes)
    report.note("error envelope", *_envelope(came))
    return envelope


def _envelope(came: Answer | Silence) -> tuple[Verdict, str]:
    if isinstance(came, Silence) or came.status < 400:  # noqa: PLR2004 - the errors
        return Verdict.UNKNOWN, ""
    try:
        said = wire.decode(came.body)
    except wire.Unreadable as unreadable:
        return Verdict.NO, str(unreadable)
    envelope = said.get("error") if isinstance(said, dict) else None
    if not isinstance(envelope, dict):
        return Verdict.NO, "no object named error"
    absent = [name for name in ("message", "type", "param", "code") if name not in envelope]
    return Verdict.YES, f"without {', '.join(absent)}" if absent else ""


def _words_and_fields(report: Report, jobs: list[Any]) -> None:
    if not jobs:
        report.note("OpenAI's statuses", Verdict.UNKNOWN, "there is no job to look at")
        report.note("OpenAI's job fields", Verdict.UNKNOWN, "there is no job to look at")
        report.note("metadata comes back", Verdict.UNKNOWN, "only --submit shows")
        return
    seen, strange = shapes.words(jobs)
    report.note(
        "OpenAI's statuses", Verdict.NO if strange else Verdict.YES, f"seen: {', '.join(seen)}", *strange
    )
    odd = shapes.oddities(shapes.JOB, jobs)
    report.note("OpenAI's job fields", Verdict.NO if odd else Verdict.YES, *odd[:12])
    marked = [job for job in jobs if isinstance(job, dict) and MARKER_KEY in (wire_metadata(job) or {})]
    if marked:
        report.note("metadata comes back", Verdict.YES, f"{len(marked)} of {len(jobs)} jobs show our marker")
    else:
        report.note("metadata comes back", Verdict.UNKNOWN, "no job here was ours; only --submit shows")


def wire_metadata(job: dict[str, Any]) -> dict[str, Any] | None:
    """Return a job's metadata, if it shows any."""
    said = job.get("metadata")
    return said if isinstance(said, dict) else None


async def _files(asker: Asker, report: Report) -> None:
    came = await asker.ask("GET", asker.places.files, params={"limit": "5"})
    listed = value(came)
    if not isinstance(listed, dict | list):
        report.note("list files", *_absence(came))
        return
    odd = shapes.oddities(shapes.FILE, shapes.items(listed))
    report.note("list files", Verdict.YES, *shapes.envelope(listed), *odd[:6])


async def _optional(asker: Asker, report: Report, jobs: list[Any], *, envelope: bool) -> None:
    """Ask for events, checkpoints and content of what is there if anything is; to cancel, of nobody's job."""
    own = next(filter(None, map(_id, jobs)), None)
    job = f"{asker.places.jobs}/{segment(own or NOBODYS_JOB)}"
    results = [id_ for each in jobs if isinstance(each, dict) for id_ in _results(each)]
    file = results[0] if results else NOBODYS_FILE
    probes = {
        "events": ("GET", f"{job}/events", own is not None),
        "checkpoints": ("GET", f"{job}/checkpoints", own is not None),
        "file content": ("GET", f"{asker.places.files}/{segment(file)}/content", bool(results)),
        "cancel a job": ("POST", f"{asker.places.jobs}/{NOBODYS_JOB}/cancel", False),
    }
    for name, (method, path, real) in probes.items():
        came = await asker.ask(method, path)
        report.note(name, *_there(name, came, real=real, envelope=envelope))


def _there(name: str, came: Answer | Silence, *, real: bool, envelope: bool) -> tuple[Verdict, str]:
    """Judge one optional route; `real` says that it was asked about something that is there."""
    if isinstance(came, Silence):
        return Verdict.UNKNOWN, came.reason
    if came.status == 200 and wire.is_web_page(came.body):  # noqa: PLR2004 - a website's
        return Verdict.NO, in_words(came)
    found = Answered(None) if name == "file content" and came.status == 200 else outcome(came, _any)  # noqa: PLR2004
    match found:
        case Answered():
            return Verdict.YES, ""
        case NotFound() | Rejected():
            return Verdict.YES, "" if real else "it knows that there is no such object"
        case NotOffered():
            certain = real or envelope or came.status != 404  # noqa: PLR2004 - the one status of two meanings
            return (Verdict.NO if certain else Verdict.UNKNOWN), in_words(came)
    return Verdict.UNKNOWN, in_words(came)


def _any(read: Any) -> Any:
    return read


def _absence(came: Answer | Silence) -> tuple[Verdict, str]:
    sure = isinstance(came, Answer) and came.status in {200, 404, 405, 501}
    return Verdict.NO if sure else Verdict.UNKNOWN, in_words(came)


async def _models_and_chat(asker: Asker, report: Report) -> None:
    came = await asker.ask("GET", asker.places.models)
    listed = value(came)
    names = [str(each.get("id")) for each in shapes.items(listed) if isinstance(each, dict)]
    if isinstance(listed, dict | list):
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""  # noqa: PLR2004 - a line's worth
        shown = ", ".join(ascii(name)[1:-1][:60] for name in names[:5])
        report.note("list models", Verdict.YES, f"{shown}{more}", *shapes.envelope(listed))
    else:
        report.note("list models", *_absence(came))
    came = await asker.ask("GET", asker.places.chat)
    # A GET costs nothing; where only POST is served, 405 gives the route away.
    there = isinstance(came, Answer) and (came.status == 405 or value(came) is not None)  # noqa: PLR2004
    report.note("chat", Verdict.YES if there else Verdict.UNKNOWN, "" if there else f"a GET {in_words(came)}")


def _reliability(asker: Asker, report: Report) -> None:
    """Note how many answers were broken, and whether support can find a request by an id."""
    kinds = [f"{count} x {words}" for words, count in asker.broken.most_common(4)]
    report.note("whole answers", Verdict.NO if kinds else Verdict.YES, *kinds)
    some = f"on {asker.request_ids} of {asker.answers} answers"
    whole = asker.request_ids == asker.answers
    report.note("request ids", Verdict.YES if asker.request_ids else Verdict.NO, "" if whole else some)


def _id(job: Any) -> str | None:
    return scalars.identifier(job.get("id")) if isinstance(job, dict) else None


def _results(job: dict[str, Any]) -> tuple[str, ...]:
    try:
        return wire.read_job(job).result_files
    except wire.Unreadable:
        return ()
