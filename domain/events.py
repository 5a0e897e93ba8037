"""What customers are told: the event types, and the body of a webhook."""

import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from domain.errors import InvalidRequest
from domain.job_state import JobState
from domain.jobs import Job
from domain.platform import JobError

JOB_ENDED: Final = {
    JobState.SUCCEEDED: "fine_tuning.job.succeeded",
    JobState.FAILED: "fine_tuning.job.failed",
    JobState.CANCELLED: "fine_tuning.job.cancelled",
}
EVENT_TYPES: Final = tuple(JOB_ENDED.values())
MOST_BYTES: Final = 20_000
"""What a body may have at most, by Standard Webhooks."""
REASON_LENGTH: Final = 1000
"""Characters of an error's message that are told; all of it can be read from the job."""


def check_event_type(event_type: str, *, param: str) -> str:
    """Return the type.

    Raises:
        InvalidRequest: nobody is ever told of such an event; the nearest name is in the message.
    """
    if event_type in EVENT_TYPES:
        return event_type
    near = difflib.get_close_matches(event_type, EVENT_TYPES, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(EVENT_TYPES)}."
    raise InvalidRequest(f"There is no event type {event_type!r:.80}. {hint}", param=param)


def check_event_types(event_types: Sequence[str], *, param: str) -> tuple[str, ...]:
    """Return the types an endpoint is told of, each once, in the order they were asked for.

    Raises:
        InvalidRequest: there is none, or one that does not exist.
    """
    if not event_types:
        message = f"Invalid {param}: an endpoint needs at least one of {', '.join(EVENT_TYPES)}."
        raise InvalidRequest(message, param=param)
    return tuple(
        dict.fromkeys(
            check_event_type(name, param=f"{param}.{place}") for place, name in enumerate(event_types)
        )
    )


def job_ended_body(job: Job, *, event_id: str, event_type: str, now: datetime) -> bytes:
    """Return the body of a webhook about a job's end, under 20 kB.

    OpenAI's names and its `created_at`, the `timestamp` of Standard Webhooks, and in `data` more than
    OpenAI's thin payload: enough to act on without another request. Metadata that would not fit, sixteen
    long pairs of Chinese text for example, is told as null: whoever needs it asks for the job.
    """
    told = _body(job, event_id=event_id, event_type=event_type, now=now, metadata=job.metadata)
    if len(told) < MOST_BYTES:
        return told
    return _body(job, event_id=event_id, event_type=event_type, now=now, metadata=None)


def sample_body(*, event_type: str, event_id: str, job_id: str, now: datetime) -> bytes:
    """Return the body of a webhook that tries an endpoint out: about a job that never was, marked `test`.

    It has every key of a real one, so that what reads those can read this.
    """
    state = next(state for state, name in JOB_ENDED.items() if name == event_type)
    failed = {"code": "test", "message": "This is a test: no job has failed.", "param": None}
    ended = {
        "id": job_id,
        "object": "fine_tuning.job",
        "status": state.value,
        "model": "test",
        "fine_tuned_model": "ft:test" if state is JobState.SUCCEEDED else None,
        "training_file": "file-test",
        "trained_tokens": None,
        "finished_at": int(now.timestamp()),
        "metadata": None,
        "error": failed if state is JobState.FAILED else None,
        "sequence": 0,
        "test": True,
    }
    return _event(ended, event_id=event_id, event_type=event_type, now=now)


def _body(
    job: Job, *, event_id: str, event_type: str, now: datetime, metadata: Mapping[str, str] | None
) -> bytes:
    ended: dict[str, Any] = {
        "id": job.id,
        "object": "fine_tuning.job",
        "status": job.shown_status.value,
        "model": job.model,
        "fine_tuned_model": job.fine_tuned_model,
        "training_file": job.training_file_id,
        "trained_tokens": job.trained_tokens,
        "finished_at": int(now.timestamp()),
        "metadata": metadata,
        "error": _reason(job.error),
        "sequence": job.sequence,
    }
    return _event(ended, event_id=event_id, event_type=event_type, now=now)


def _event(about: Mapping[str, Any], *, event_id: str, event_type: str, now: datetime) -> bytes:
    return msgspec.json.encode(
        {
            "id": event_id,
            "object": "event",
            "created_at": int(now.timestamp()),
            "timestamp": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "type": event_type,
            "data": about,
        }
    )


def _reason(error: JobError | None) -> dict[str, str | None] | None:
    if error is None:
        return None
    return {"code": error.code, "message": error.message[:REASON_LENGTH], "param": error.param}
