"""What a quirk is, and the table of all of them: enter one, and it can be chosen by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

Act = Callable[..., Any]
F = TypeVar("F", bound=Act)
Json = dict[str, Any]


class Kind(StrEnum):
    """Where a quirk takes hold, and what its function gets and returns."""

    DOOR = "door"  # (Knock) -> Refusal | Response | None: a request that is not let in
    CREATE = "create"  # (Json) -> Refusal | None: the body of a job's create, before it is carried out
    REFUSAL = "refusal"  # () -> Response: one request is refused, when it is this quirk's turn
    JOB = "job"  # (Json, Look): every job that is shown
    ID = "id"  # (str) -> str | int: every id of a job or a file, and the way back
    FILE = "file"  # (Json, Look): every file that is shown
    EVENT = "event"  # (Json, Look)
    CHECKPOINT = "checkpoint"  # (Json, Look)
    LIST = "list"  # (Json, Look) -> object: every list of jobs, events, checkpoints and files
    CONTENT = "content"  # (Reply): the bytes of a file
    MANNER = "manner"  # (Reply): how every answer is written
    SPOIL = "spoil"  # (Reply): one answer is ruined after the request was carried out, when it is its turn


TAKES_TURNS = frozenset({Kind.REFUSAL, Kind.SPOIL})


@dataclass(frozen=True, slots=True)
class Quirk:
    """One oddity. `act` is described at its kind; `means` is what people read."""

    name: str
    kind: Kind
    means: str
    act: Act


@dataclass(frozen=True, slots=True)
class Look:
    """Which look at an object this is.

    Attributes:
        route: The route that shows it; lists show jobs as well.
        number: How often `retrieve` showed this job, this time included.
        ended: How often of those the job had ended.
    """

    route: str
    number: int = 0
    ended: int = 0


QUIRKS: dict[str, Quirk] = {}


def quirk(kind: Kind) -> Callable[[F], F]:
    """Put a function into the table under its own name, with its docstring."""

    def put(act: F) -> F:
        enter(act.__name__, kind, act.__doc__ or "", act)
        return act

    return put


def enter(name: str, kind: Kind, means: str, act: Act) -> None:
    """Put a quirk into the table."""
    QUIRKS[name] = Quirk(name, kind, " ".join(means.split()), act)


ENDS = frozenset({"succeeded", "failed", "cancelled"})


def has_ended(job: Json) -> bool:
    """Whether a job, as the platform wrote it, has ended."""
    return job.get("status") in ENDS
