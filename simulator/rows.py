"""What the platform keeps: files and jobs as asked for. What became of a job follows from the clock."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class FileRow:
    """One file: uploaded, or the results of a job, whose bytes are not known before somebody asks.

    Attributes:
        created: Unix seconds.
        examples: Lines that are not blank.
        fault: Why its lines cannot train a model, or `None`.
        job: The job that a results file belongs to.
    """

    id: str
    created: float
    filename: str
    purpose: str
    bytes: int = 0
    examples: int = 0
    fault: str | None = None
    job: str | None = None
    deleted: bool = False


@dataclass(slots=True)
class Doom:
    """How a job will fail: at which share of its life (0..1), and what its `error` will say."""

    at: float
    code: str
    message: str
    param: str | None = None


@dataclass(slots=True)
class JobRow:
    """One job as it was created.

    Attributes:
        created: Unix seconds.
        seconds: From create to end.
        examples: Lines of the training file.
        tokens: Tokens of the training file, once over.
        cancelled: When a cancel was taken, in Unix seconds.
        listed_after: Seconds from the create until lists show it.
    """

    id: str
    created: float
    seconds: float
    model: str
    fine_tuned_model: str
    result_file: str
    training_file: str
    validation_file: str | None
    examples: int
    tokens: int
    seed: int
    hyperparameters: dict[str, Any]
    method: str | None
    metadata: dict[str, str] | None
    integrations: list[dict[str, Any]] | None
    doom: Doom | None = None
    cancelled: float | None = None
    listed_after: float = 0.0
