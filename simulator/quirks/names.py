"""Ids and names of models: with slashes, spaces and dots, as numbers, too long, or with dirt in them."""

from simulator.ids import hashed
from simulator.quirks.table import Json, Kind, Look, quirk

MODELS_PREFIX = "ft:"


@quirk(Kind.ID)
def ids_slash(id_: str) -> str:
    """Ids hold slashes, a question mark and a hash."""
    return id_.replace("-", "/../", 1) + "?a=b#c"


@quirk(Kind.ID)
def ids_space(id_: str) -> str:
    """Ids hold a space, percent signs and a plus."""
    return id_.replace("-", " %2F+", 1)


@quirk(Kind.ID)
def ids_dots(id_: str) -> str:
    """Ids begin and end with dots."""
    return f"..{id_}.."


@quirk(Kind.ID)
def ids_unicode(id_: str) -> str:
    """Ids are Chinese."""
    return f"任务-{id_}"


@quirk(Kind.ID)
def ids_long(id_: str) -> str:
    """Ids are 256 characters long."""
    return id_.ljust(256, "x")


@quirk(Kind.ID)
def ids_integer(id_: str) -> int:
    """Ids are numbers."""
    return hashed(id_) % 2**53


@quirk(Kind.ID)
def job_ids_control(id_: str) -> str:
    """A job's id holds NUL and a line break: nobody can ask for it."""
    return f"{id_}\x00\r\nx" if _of_job(id_) else id_


@quirk(Kind.ID)
def job_ids_endless(id_: str) -> str:
    """A job's id is a hundred thousand characters long."""
    return id_.ljust(100_000, "x") if _of_job(id_) else id_


def _of_job(id_: str) -> bool:
    return id_.startswith("ftjob-")


@quirk(Kind.JOB)
def model_control(job: Json, _look: Look) -> None:
    """A tuned model's name holds terminal codes, NUL and a direction override."""
    if job.get("fine_tuned_model"):
        job["fine_tuned_model"] = job["fine_tuned_model"].replace(":", ":\x1b[2J\x00\u202e", 1)


@quirk(Kind.JOB)
def model_missing(job: Json, _look: Look) -> None:
    """A success names no model, ever."""
    job.pop("fine_tuned_model", None)


@quirk(Kind.JOB)
def model_late(job: Json, look: Look) -> None:
    """A success names its model, its tokens and its results from the second look on."""
    if look.ended < 2:  # noqa: PLR2004 - the second
        job.update(fine_tuned_model=None, trained_tokens=None, result_files=[])


@quirk(Kind.JOB)
def model_object(job: Json, _look: Look) -> None:
    """A tuned model is an object with an id."""
    if job.get("fine_tuned_model"):
        job["fine_tuned_model"] = {"id": job["fine_tuned_model"], "object": "model"}
