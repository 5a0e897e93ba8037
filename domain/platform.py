"""What the platform tells us, after its wire form was read tolerantly by `xpulink/wire.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MARKER_KEY = "tuneward"
"""The only metadata key sent upstream; its value marks one submission."""


DERIVED_ID = "tuneward-"
"""How the id of an event or checkpoint begins to which the platform gave none; it does not know it."""


class OptionalRoute(StrEnum):
    """What a platform may lack; we go on without, and do not ask again for a day."""

    EVENTS = "events"
    CHECKPOINTS = "checkpoints"
    CONTENT = "content"
    CANCEL = "cancel"
    FILE_LIST = "file_list"
    FILE_DELETION = "file_deletion"


class PlatformStatus(StrEnum):
    """The platform's words folded into five; an unknown word counts as running."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Tell whether the platform will not change this job any more."""
        return self in {self.SUCCEEDED, self.FAILED, self.CANCELLED}


@dataclass(frozen=True, slots=True)
class JobError:
    """Why a job failed: a code to branch on, a message that says what to do, the parameter at fault."""

    code: str
    message: str
    param: str | None = None


@dataclass(frozen=True, slots=True)
class PlatformFile:
    """A file on the platform; what is None the platform does not say."""

    id: str
    bytes: int | None = None
    status: str | None = None
    filename: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlatformJob:
    """A job on the platform. `metadata` is None where the platform does not echo it.

    `fine_tuned_model` is a name that can be used as it is; one that cannot is in `unusable_model`, escaped.
    """

    id: str
    status: PlatformStatus
    raw_status: str
    known_status: bool = True
    created_at: datetime | None = None
    training_file: str | None = None
    fine_tuned_model: str | None = None
    trained_tokens: int | None = None
    estimated_finish: datetime | None = None
    result_files: tuple[str, ...] = ()
    error: JobError | None = None
    metadata: Mapping[str, str] | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    unusable_model: str | None = None

    @property
    def marker(self) -> str | None:
        """The submission's marker, where the platform echoes metadata."""
        return (self.metadata or {}).get(MARKER_KEY) or None


@dataclass(frozen=True, slots=True)
class PlatformEvent:
    """One line of a job's history on the platform; `kind` is message or metrics."""

    id: str
    created_at: datetime | None
    level: str
    message: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlatformCheckpoint:
    """A checkpoint on the platform: its model's name, its step, the metrics that were given."""

    id: str
    created_at: datetime | None
    model: str
    step_number: int
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list. `has_more` is None where the platform does not say (then it cannot page).

    `skipped` counts items that could not be read: nobody may conclude from such a page that something
    is not there.
    """

    items: tuple[T, ...]
    has_more: bool | None
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What a create call sends: the platform's own file ids and the marker as the only metadata."""

    model: str
    training_file: str
    marker: str
    validation_file: str | None = None
    suffix: str | None = None
    seed: int | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    method: Mapping[str, Any] | None = None
    integrations: Sequence[Mapping[str, Any]] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
