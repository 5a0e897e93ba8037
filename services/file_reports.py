"""Reports on training files: begun at the upload, finished by a worker, read by clients."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from db.queries import file_reports, files, job_wishes, projects
from db.session import AnyRow, Session
from domain import ids
from domain.errors import NotFound
from domain.training_data.personal_data.policies import Policy, verdict
from domain.training_data.report import packed, unpacked
from domain.training_data.report import report as report_of
from domain.training_data.tokens import TokenCounts
from services.transitions import ClaimLost

ATTEMPTS_ALLOWED: Final = 3
"""Looks at one file that may come to nothing; then its report says so, so that others go on."""
_AGAIN_ZH: Final = "文件检查失败,请重新上传。"
AGAIN_AFTER: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """A file that a worker has claimed to look at. `copy_key` is where this attempt writes the copy."""

    file_id: str
    project_id: str
    token: UUID
    attempt: int
    blob_key: str
    status: str
    status_details: str | None
    policy: Policy
    structure: Mapping[str, Any]

    @property
    def copy_key(self) -> str:
        """Each attempt has a place of its own, so that one that was given up cannot write into the next."""
        return f"files/{self.file_id}.{self.attempt}"

    @property
    def decides(self) -> bool:
        """Tell whether the file waits for this look before it can be used."""
        return self.status == "uploaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The copy that jobs train on, where it differs from the file: lines left out, or data replaced."""

    blob_key: str
    size: int
    dropped: int
    changed: int


async def claim(session: Session, *, token: UUID, lease: timedelta, limit: int) -> Sequence[Examination]:
    """Claim up to `limit` files that are due to be looked at."""
    rows = await file_reports.claim_due_reports(session, token=token, lease=lease, limit=limit)
    return [_examination(row, token) for row in rows]


def _examination(row: AnyRow, token: UUID) -> Examination:
    return Examination(
        file_id=row.file_id,
        project_id=row.project_id,
        token=token,
        attempt=row.attempts,
        blob_key=row.blob_key,
        status=row.status,
        status_details=row.status_details,
        policy=Policy(row.policy),
        structure=unpacked(row.structure),
    )


async def renew(session: Session, examination: Examination, *, lease: timedelta) -> None:
    """Keep a file to ourselves for another lease.

    Raises:
        ClaimLost: another worker has it by now, or it was deleted.
    """
    ours = await file_reports.renew_report(
        session, file_id=examination.file_id, token=examination.token, lease=lease
    )
    if not ours:
        raise ClaimLost


async def hand_back(session: Session, examinations: Sequence[Examination]) -> None:
    """Give up files whose look was cut short; no attempt is used up."""
    for examination in examinations:
        await file_reports.hand_back_reports(session, file_ids=[examination.file_id], token=examination.token)


async def uses_copy(session: Session, examination: Examination, copy: Copy) -> bool:
    """Tell whether jobs train on this copy of the file."""
    return await files.trains_on(session, file_id=examination.file_id, blob_key=copy.blob_key)


async def finish(
    session: Session,
    examination: Examination,
    *,
    examined: Mapping[str, Any],
    copy: Copy | None,
    token_counts: bytes | None,
    fingerprints: bytes | None,
) -> None:
    """Record what was found; a file that waited for it can be used now, or cannot.

    Raises:
        ClaimLost: another worker has it by now, or it was deleted.
    """
    # The file before its report, as a deletion takes them: the other way round each would wait for the other.
    if examination.decides:
        await _settle(session, examination, examined["figures"].get("personal_data") or {}, copy)
    ours = await file_reports.finish_report(
        session,
        file_id=examination.file_id,
        token=examination.token,
        examined=packed({**examined, "copy": _told(copy)}),
        token_counts=token_counts,
        fingerprints=fingerprints,
    )
    if not ours:
        raise ClaimLost


def _told(copy: Copy | None) -> dict[str, int] | None:
    if copy is None:
        return None
    return {"bytes": copy.size, "lines_left_out": copy.dropped, "lines_changed": copy.changed}


async def _settle(
    session: Session, examination: Examination, personal_data: Mapping[str, Any], copy: Copy | None
) -> None:
    lines = [redaction["line"] for redaction in personal_data.get("redactions", ())]
    found = verdict(examination.policy, personal_data.get("hits", 0), personal_data.get("by_kind", {}), lines)
    await files.settle_file(
        session,
        file_id=examination.file_id,
        status="processed" if found.usable else "error",
        status_details=examination.status_details if found.usable else f"{found.status} {found.status_zh}",
        training_blob_key=copy.blob_key if copy and found.usable else None,
        training_size=copy.size if copy and found.usable else None,
    )
    await job_wishes.wake_for_file(session, file_id=examination.file_id)


async def fail(session: Session, examination: Examination, reason: str) -> bool:
    """Try again later, or record after the third attempt that the file could not be looked at; tell which.

    A file that waited for the look cannot be used then: nobody knows what is in it.

    Raises:
        ClaimLost: another worker has it by now, or it was deleted.
    """
    if examination.attempt < ATTEMPTS_ALLOWED:
        ours = await file_reports.put_off_report(
            session, file_id=examination.file_id, token=examination.token, wait=AGAIN_AFTER
        )
    else:
        await _give_up(session, examination, reason)
        ours = await file_reports.finish_report(
            session, file_id=examination.file_id, token=examination.token, failure=reason
        )
    if not ours:
        raise ClaimLost
    return examination.attempt >= ATTEMPTS_ALLOWED


async def _give_up(session: Session, examination: Examination, reason: str) -> None:
    if not examination.decides:
        return
    await files.settle_file(
        session,
        file_id=examination.file_id,
        status="error",
        status_details=f"The file could not be examined: {reason}. Upload it again. {_AGAIN_ZH}",
    )
    await job_wishes.wake_for_file(session, file_id=examination.file_id)


async def get(session: Session, *, project_id: str, file_id: str) -> AnyRow:
    """Return what is kept of the report on a training file of this project; `told` puts it into words.

    Raises:
        NotFound: it has no such file, or the file is none for training.
    """
    return await _row(session, project_id, file_id)


async def _row(session: Session, project_id: str, file_id: str, *also: str) -> AnyRow:
    known = ids.is_id(ids.FILE, file_id)
    row = known and await file_reports.report_of_file(
        session, project_id=project_id, file_id=file_id, also=also
    )
    if not row:
        raise NotFound(param="file_id")
    return row


def told(row: AnyRow) -> dict[str, Any]:
    """Return the whole report. It takes a tenth of a second where there are thousands of faults."""
    examined = None if row.examined is None else unpacked(row.examined)
    report = report_of(
        unpacked(row.structure),
        examined,
        policy=row.policy,
        max_invalid_ratio=row.max_invalid_ratio,
        copy=examined["copy"] if examined else None,
        failure=row.failure,
    )
    stage = "pending" if row.finished_at is None else "failed" if row.failure else "complete"
    return {"object": "file.report", "file_id": row.id, "status": stage, **report}


async def tokens(
    session: Session, *, project_id: str, file_id: str, after: int, limit: int
) -> dict[str, Any]:
    """Return line, tokens and trained tokens of up to `limit` examples behind line `after`.

    Raises:
        NotFound: this project has no such training file, or its tokens are not counted yet.
    """
    row = await _row(session, project_id, file_id, "token_counts")
    if row.token_counts is None:
        message = "The tokens of this file are not counted yet; its report says when they are."
        raise NotFound(message, param="file_id")
    counts = TokenCounts.from_bytes(row.token_counts)
    begin = bisect_right(counts.lines, after)
    end = begin + limit
    shown = zip(counts.lines[begin:end], counts.total[begin:end], counts.trained[begin:end], strict=True)
    data = [{"line": line, "tokens": total, "trained_tokens": trained} for line, total, trained in shown]
    return {"object": "list", "data": data, "has_more": end < len(counts.lines)}


async def policy(session: Session, *, project_id: str) -> Policy:
    """Return what a project does about personal data in the files that it uploads from now on."""
    return Policy(await projects.personal_data_policy(session, project_id=project_id))


async def set_policy(session: Session, *, project_id: str, policy: Policy) -> None:
    """Change it; files that were uploaded keep theirs."""
    await projects.set_personal_data_policy(session, project_id=project_id, policy=policy)
