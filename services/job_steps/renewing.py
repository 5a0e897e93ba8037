"""SUBMITTING, refused because the platform does not know a file any more: upload a fresh copy, once."""

import re
from datetime import timedelta

from db.queries import files, submissions
from db.session import Session
from domain.jobs import Job, NewEvent
from domain.outcomes import Rejected
from services import transitions

_CODES = frozenset({"file_not_found", "invalid_file_id"})
_PARAMS = frozenset({"training_file", "validation_file"})
_GONE = re.compile(r"not (?:be )?found|not exist|no such|unknown|deleted|expired", re.IGNORECASE)
_A_FILE = re.compile(r"\bfile", re.IGNORECASE)


def about_a_missing_file(job: Job, outcome: Rejected) -> bool:
    """Tell whether a create was refused because one of the job's files is not on the platform."""
    if outcome.code in _CODES:
        return True
    named = any(id_ in outcome.message for id_ in _copies(job))
    about = outcome.param in _PARAMS or named or _A_FILE.search(outcome.message) is not None
    return about and _GONE.search(outcome.message) is not None


async def renew_files(session: Session, job: Job, submission_id: str, outcome: Rejected) -> bool:
    """Let the job upload its files anew; tell whether it may: a second refusal of the kind stands."""
    if await submissions.refused_for_a_file(session, job_id=job.id):
        return False
    rejected = submissions.submission_change(
        submission_id, outcome="rejected", detail=outcome.message, file_unknown=True
    )
    gone = files.forget_platform_files(
        credential_id=job.credential_id, platform_file_ids=_unknown(job, outcome)
    )
    text = f"The platform does not know the uploaded file any more ({outcome.message}); uploading it again"
    await transitions.hold(
        session,
        job,
        NewEvent(text, level="warn"),
        wait=timedelta(0),
        changes={"open_submission_id": None},
        riders=[rejected, gone],
    )
    return True


def _copies(job: Job) -> list[str]:
    return [id_ for id_ in (job.platform_training_file, job.platform_validation_file) if id_ is not None]


def _unknown(job: Job, outcome: Rejected) -> list[str]:
    """Return the copy that is gone, or both if it is not said which."""
    copies = {"training_file": job.platform_training_file, "validation_file": job.platform_validation_file}
    by_param = copies.get(outcome.param or "")
    named = [by_param] if by_param else [id_ for id_ in _copies(job) if id_ in outcome.message]
    return named or _copies(job)
