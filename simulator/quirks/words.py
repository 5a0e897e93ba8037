"""Status words: other ones, none at all, and ones that go backwards."""

from simulator.quirks.table import Json, Kind, Look, enter, has_ended, quirk

WAITING = ("validating_files", "queued")
WORDS = {
    "status_pending": ("A job that waits is `pending`.", dict.fromkeys(WAITING, "pending")),
    "status_not_running": ("A job that waits is `notRunning`.", dict.fromkeys(WAITING, "notRunning")),
    "status_validating": (
        "A job is `validating_files` until it runs.",
        dict.fromkeys(WAITING, "validating_files"),
    ),
    "status_paused": ("A job that waits is `paused`.", dict.fromkeys(WAITING, "paused")),
    "status_unknown": ("A job that runs is `训练中`.", {"running": "训练中"}),
    "status_canceled": ("A cancelled job is `canceled`.", {"cancelled": "canceled"}),
}


def _say(name: str, means: str, words: dict[str, str]) -> None:
    def act(job: Json, _look: Look) -> None:
        if isinstance(job.get("status"), str):
            job["status"] = words.get(job["status"], job["status"])

    enter(name, Kind.JOB, means, act)


for _name, (_means, _words) in WORDS.items():
    _say(_name, _means, _words)


@quirk(Kind.JOB)
def status_canceling(job: Json, look: Look) -> None:
    """A cancelled job is `canceling` at first, `canceled` from the second look on."""
    if job.get("status") == "cancelled":
        job["status"] = "canceled" if look.ended > 1 else "canceling"


@quirk(Kind.JOB)
def status_upper(job: Json, _look: Look) -> None:
    """Every status is in capitals."""
    job["status"] = str(job["status"]).upper() if job.get("status") is not None else None


@quirk(Kind.JOB)
def status_missing(job: Json, _look: Look) -> None:
    """A job has no status until it has ended."""
    if not has_ended(job):
        job.pop("status", None)


@quirk(Kind.JOB)
def status_null(job: Json, _look: Look) -> None:
    """A job's status is null until it has ended."""
    if not has_ended(job):
        job["status"] = None


@quirk(Kind.JOB)
def status_number(job: Json, _look: Look) -> None:
    """A job's status is a number until it has ended."""
    if not has_ended(job):
        job["status"] = 3


@quirk(Kind.JOB)
def status_regresses(job: Json, look: Look) -> None:
    """A job that runs is `queued` at every second look: running, queued, running."""
    if job.get("status") == "running" and look.number % 2 == 0:
        job["status"] = "queued"


@quirk(Kind.JOB)
def status_relapses(job: Json, look: Look) -> None:
    """A job that has ended runs again at every second look."""
    if look.ended and look.ended % 2 == 0:
        job.update(status="running", fine_tuned_model=None, finished_at=None)
