"""What customers are told: the event types, and the body of a webhook."""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from domain.job_state import JobState
from domain.jobs import Job

JOB_ENDED: Final = {
    JobState.SUCCEEDED: "fine_tuning.job.succeeded",
    JobState.FAILED: "fine_tuning.job.failed",
    JobState.CANCELLED: "fine_tuning.job.cancelled",
}
EVENT_TYPES: Final = tuple(JOB_ENDED.values())


def job_ended_body(job: Job, *, event_id: str, event_type: str, now: datetime) -> bytes:
    """Return the body of a webhook about a job's end, under 20 kB.

    OpenAI's names and its `created_at`, the `timestamp` of Standard Webhooks, and in `data` more than
    OpenAI's thin payload: enough to act on without another request.
    """
    ended: dict[str, Any] = {
        "id": job.id,
        "object": "fine_tuning.job",
        "status": job.shown_status.value,
        "model": job.model,
        "fine_tuned_model": job.fine_tuned_model,
        "training_file": job.training_file_id,
        "trained_tokens": job.trained_tokens,
        "finished_at": int(now.timestamp()),
        "metadata": job.metadata,
        "error": msgspec.to_builtins(job.error),
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
