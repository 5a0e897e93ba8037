"""What customers are told: the event types, and the body of a webhook."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

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
    return msgspec.json.encode(
        {
            "id": event_id,
            "object": "event",
            "created_at": int(now.timestamp()),
            "timestamp": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "type": event_type,
            "data": ended,
        }
    )


def _reason(error: JobError | None) -> dict[str, str | None] | None:
    if error is None:
        return None
    return {"code": error.code, "message": error.message[:REASON_LENGTH], "param": error.param}
