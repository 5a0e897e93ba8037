"""The life of a job: every state, every edge, and what a client is shown.

`docs/state_machine.md` draws this table, the CHECK constraints of `jobs` repeat it, and a test holds
the three equal. `services/transitions.py` is the only code that moves a job along an edge.
"""

from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """Where a job stands with us; the platform's own word is kept beside it."""

    RECEIVED = "received"
    """Accepted and kept. Leaves when a worker has looked at its file."""

    HELD = "held"
    """Waiting for a reason to go away: paused by its owner, or the credential is parked."""

    UPLOADING = "uploading"
    """Its files are on their way to the platform."""

    SUBMITTING = "submitting"
    """The create call is about to be sent, was sent, or its fate is being found out."""

    TRACKING = "tracking"
    """The platform's id is known; the platform is asked how it stands."""

    COLLECTING = "collecting"
    """The platform reports an end; events, metrics, checkpoints and result files are being kept."""

    SUCCEEDED = "succeeded"
    """Terminal: the tuned model can be used."""

    FAILED = "failed"
    """Terminal: `error` says why and what to do."""

    CANCELLED = "cancelled"
    """Terminal: ended because its owner asked for it."""


class ShownStatus(StrEnum):
    """The words of the OpenAI wire format that we use. `validating_files` is never shown."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


S = JobState

EDGES: Final[dict[JobState, frozenset[JobState]]] = {
    S.RECEIVED: frozenset({S.HELD, S.UPLOADING, S.FAILED, S.CANCELLED}),
    S.HELD: frozenset({S.UPLOADING, S.FAILED, S.CANCELLED}),
    S.UPLOADING: frozenset({S.HELD, S.SUBMITTING, S.FAILED, S.CANCELLED}),
    # Back to HELD only while no create call is open: paused between two tries, or just before the first,
    # or the platform turns out not to keep metadata: the job then needs a training file of its own.
    S.SUBMITTING: frozenset({S.HELD, S.TRACKING, S.FAILED, S.CANCELLED}),
    S.TRACKING: frozenset({S.COLLECTING, S.FAILED}),
    S.COLLECTING: frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
}

TERMINAL: Final = frozenset(state for state, targets in EDGES.items() if not targets)
BEFORE_SUBMISSION: Final = frozenset({S.RECEIVED, S.HELD, S.UPLOADING})
ADVANCING: Final = frozenset({S.RECEIVED, S.HELD, S.UPLOADING, S.SUBMITTING, S.COLLECTING})
"""States that the advance drain works on; TRACKING belongs to the track drain."""


_WORDS: Final = frozenset(state.value for state in JobState)


def nearest_state(word: str, *, finished: bool, has_model: bool, has_error: bool) -> JobState:
    """Return the state that a word of the database says, or the nearest to one that a newer version wrote.

    A living job counts as submitted: it can be looked at and asked to be cancelled, and nothing else. No
    step meets it: claims take only states that they know, and writes are a compare-and-set on the state.
    """
    if word in _WORDS:
        return JobState(word)
    if not finished:
        return S.TRACKING
    if has_model:
        return S.SUCCEEDED
    return S.FAILED if has_error else S.CANCELLED


def may_move(source: JobState, target: JobState) -> bool:
    """Tell whether the life of a job has this edge."""
    return target in EDGES[source]


def shown_status(state: JobState, *, platform_running: bool) -> ShownStatus:
    """Return what a client is shown; `platform_running` is set once the platform said so, and stays."""
    if state in TERMINAL:
        return ShownStatus(state.value)
    if state is S.COLLECTING or (state is S.TRACKING and platform_running):
        return ShownStatus.RUNNING
    return ShownStatus.QUEUED
