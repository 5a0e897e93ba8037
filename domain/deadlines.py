"""How long a job may stand still in each state before its history says so, and before it is given up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from domain.job_state import JobState
from domain.platform import JobError

CRASHES_ALLOWED: Final = 5
"""Workers that may stop in the middle of one job; then it is given up, so that others go on."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`warn` writes an event, `end` fails the job with `error`; None means never."""

    warn: timedelta
    end: timedelta | None
    error: JobError | None


_NOT_STARTED = JobError(
    "not_started",
    "No worker took the job up, or examined its files, within a day. Check that a worker runs, then create "
    "the job again.",
)
_HELD_TOO_LONG = JobError(
    "held_too_long",
    "The job was held for 30 days. Resume it sooner, or check the platform's key; then create it again.",
)
_UPLOAD_STALLED = JobError(
    "upload_stalled",
    "The files could not be uploaded to the platform within a day; the job's events name the cause.",
    "training_file",
)
_NEVER_ENDED = JobError(
    "platform_never_ended",
    "The platform reported no end within 30 days. Ask its support with the platform's id in the events.",
)

# SUBMITTING is ended by the reconciler, as `submission_unconfirmed` with the marker; COLLECTING goes on
# without what the platform does not give. Both are only warned about here.
DEADLINES: Final = {
    JobState.RECEIVED: Deadline(timedelta(minutes=10), timedelta(days=1), _NOT_STARTED),
    JobState.HELD: Deadline(timedelta(days=1), timedelta(days=30), _HELD_TOO_LONG),
    JobState.UPLOADING: Deadline(timedelta(hours=1), timedelta(days=1), _UPLOAD_STALLED),
    JobState.SUBMITTING: Deadline(timedelta(hours=1), None, None),
    JobState.TRACKING: Deadline(timedelta(days=2), timedelta(days=30), _NEVER_ENDED),
    JobState.COLLECTING: Deadline(timedelta(hours=1), None, None),
}
