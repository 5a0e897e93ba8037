"""A job's fields: missing, null, of other types, and too many."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from simulator.quirks.table import Json, Kind, Look, enter, quirk

OPTIONAL = ("object", "organization_id", "seed", "result_files", "hyperparameters", "integrations",
            "estimated_finish", "trained_tokens", "finished_at", "validation_file", "metadata")  # fmt: skip
ERRORS: dict[str, tuple[str, Any]] = {
    "error_string": ("is bare text", "训练失败: the loss is no longer a number."),
    "error_empty_object": ("is `{}`", {}),
    "error_empty_string": ('is `""`', ""),
    "error_null": ("is null", None),
    "error_list": ("is a list of text", ["Out of memory.", "Node lost."]),
    "error_dirty": (
        "holds NUL, terminal codes and half a character",
        {"code": "a\x00b", "message": "bad\x00 \x1b[31m\ud800line\u202e", "param": 7},
    ),
    "error_html": ("is a web page", "<html><script>alert(1)</script></html>"),
    "error_huge": ("is a megabyte long", {"code": "c" * 10_000, "message": "long " * 200_000, "param": None}),
}
TIMES: dict[str, tuple[str, Callable[[int], Any]]] = {
    "created_at_string": ("is its seconds as text", str),
    "created_at_milliseconds": ("is in milliseconds", lambda at: at * 1000),
    "created_at_iso": ("is ISO 8601", lambda at: datetime.fromtimestamp(at, UTC).isoformat()),
}


def _fail_with(name: str, means: str, error: Any) -> None:
    def act(job: Json, _look: Look) -> None:
        if job.get("error") is not None:
            job["error"] = error

    enter(name, Kind.JOB, f"The error of a failed job {means}.", act)


def _time_as(name: str, means: str, write: Callable[[int], Any]) -> None:
    def act(job: Json, _look: Look) -> None:
        job.update({key: write(job[key]) for key in ("created_at", "finished_at") if _whole(job.get(key))})

    enter(name, Kind.JOB, f"A job's `created_at` {means}.", act)


for _name, (_means, _error) in ERRORS.items():
    _fail_with(_name, _means, _error)
for _name, (_means, _write) in TIMES.items():
    _time_as(_name, _means, _write)


@quirk(Kind.JOB)
def error_on_success(job: Json, _look: Look) -> None:
    """A job without an error says `{}`."""
    if job.get("error") is None:
        job["error"] = {}


@quirk(Kind.JOB)
def created_at_missing(job: Json, _look: Look) -> None:
    """A job does not say when it was created."""
    job.pop("created_at", None)


@quirk(Kind.JOB)
def fields_missing(job: Json, _look: Look) -> None:
    """A job has none of the fields that one can live without; its end keeps its results."""
    for name in OPTIONAL:
        if name != "result_files" or not job.get(name):
            job.pop(name, None)


@quirk(Kind.JOB)
def fields_null(job: Json, _look: Look) -> None:
    """Organization, seed, hyperparameters and result files are null."""
    job.update(organization_id=None, seed=None, hyperparameters=None, result_files=None)


@quirk(Kind.JOB)
def fields_extra(job: Json, _look: Look) -> None:
    """A job has fields that nobody knows, some with names like ours."""
    job.update(progress=0.5, user="u-1", state="alive", paused="yes", 进度=["a", {"b": None}], __proto__={})


@quirk(Kind.JOB)
def numbers_as_strings(job: Json, _look: Look) -> None:
    """Every number of a job is text."""
    job.update({key: str(value) for key, value in job.items() if _whole(value)})


@quirk(Kind.JOB)
def types_wrong(job: Json, _look: Look) -> None:
    """Seed, tokens, hyperparameters, metadata and estimate are of types that they never have."""
    job.update(seed=[1], trained_tokens={"n": 3}, hyperparameters="auto", integrations=7)
    job.update(estimated_finish=True, validation_file=False, object=None)


@quirk(Kind.JOB)
def result_files_null(job: Json, _look: Look) -> None:
    """A job's result files are null where there are none."""
    job["result_files"] = job.get("result_files") or None


@quirk(Kind.JOB)
def result_files_objects(job: Json, _look: Look) -> None:
    """A job's result files are objects."""
    job["result_files"] = [{"id": id_, "object": "file"} for id_ in job.get("result_files") or []]


@quirk(Kind.JOB)
def tokens_string(job: Json, _look: Look) -> None:
    """Trained tokens are text."""
    if job.get("trained_tokens") is not None:
        job["trained_tokens"] = str(job["trained_tokens"])


@quirk(Kind.JOB)
def deep(job: Json, _look: Look) -> None:
    """Hyperparameters are nested fifty deep."""
    inner: Any = "end"
    for level in range(50):
        inner = {f"level {50 - level}": [inner]}
    job["hyperparameters"] = inner


@quirk(Kind.JOB)
def no_echo(job: Json, _look: Look) -> None:
    """A job does not give its metadata back."""
    job.pop("metadata", None)


@quirk(Kind.JOB)
def empty_echo(job: Json, _look: Look) -> None:
    """A job's metadata is always `{}`."""
    job["metadata"] = {}


@quirk(Kind.JOB)
def training_file_missing(job: Json, _look: Look) -> None:
    """A job does not say which file it trains on."""
    job.pop("training_file", None)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
