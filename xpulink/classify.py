"""What an answer, or the lack of one, means. The heart of "paid once".

    came of it                                  create, upload (`once`)    all others
    nothing was sent                            Retryable                  Retryable
    sent, no status                             Ambiguous                  Retryable
    2xx, readable                               Answered                   Answered
    2xx, broken, garbage, without an id         Ambiguous                  Retryable
    429                                         Retryable, THROTTLED       same
    401 402 403                                 Retryable, UNAUTHORIZED    same
    404 unknown URL or no envelope, 405, 501    NotOffered                 same
    404 in the error envelope                   Rejected                   NotFound
    400 409 413 415 422                         Rejected                   Rejected
    anything else (3xx, 408, 5xx, …)            Ambiguous                  Retryable

402 stands beside 401: an account without credit concerns the credential, not the job.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from domain.outcomes import (
    Ambiguous,
    Answered,
    NotFound,
    NotOffered,
    Outcome,
    Rejected,
    Retryable,
    Trouble,
)
from xpulink.exchange import TOO_LARGE, Answer, Silence
from xpulink.wire import Refusal, Unreadable, is_web_page, read_refusal

T = TypeVar("T")

_GOOD: Final = 2  # the class of 2xx
_THROTTLED: Final = 429
_CREDENTIAL: Final = frozenset({401, 402, 403})
_NO_ROUTE: Final = frozenset({405, 501})
_MISSING: Final = 404
_REJECTED: Final = frozenset({400, 409, 413, 415, 422})
_LONGEST_WAIT: Final = timedelta(days=366)
_UNKNOWN_URL: Final = re.compile(r"invalid url|unknown url|no such route", re.IGNORECASE)


def settle(came: Answer | Silence, read: Callable[[bytes], T], *, once: bool) -> Outcome[T]:
    """Turn what came of a call into an outcome by the table above; `read` raises `Unreadable`."""
    if isinstance(came, Silence):
        unclear = once and came.sent
        return Ambiguous(came.reason, came.ours) if unclear else Retryable(came.reason, ours=came.ours)
    if came.status // 100 == _GOOD:
        return _accepted(came, read, once=once)
    refused = _refused(came, once=once)
    return refused or _uncertain(f"the platform answered {came.status}", came, once=once)


def _accepted(came: Answer, read: Callable[[bytes], T], *, once: bool) -> Outcome[T]:
    if came.fault is not None:
        return _uncertain(came.fault, came, once=once)
    try:
        return Answered(read(came.body))
    except Unreadable as error:
        return _uncertain(str(error), came, once=once)


def _uncertain(reason: str, came: Answer, *, once: bool) -> Ambiguous | Retryable:
    return Ambiguous(reason) if once else Retryable(reason, retry_after=retry_after(came.headers))


def _refused(came: Answer, *, once: bool) -> Rejected | NotFound | NotOffered | Retryable | None:
    refusal = read_refusal(came.body)
    said = refusal or Refusal(f"the platform answered {came.status}")
    if came.status == _THROTTLED:
        return Retryable(said.message, Trouble.THROTTLED, retry_after(came.headers))
    if came.status in _CREDENTIAL:
        return Retryable(said.message, Trouble.UNAUTHORIZED, retry_after(came.headers))
    if came.status in _NO_ROUTE or (came.status == _MISSING and _names_no_object(refusal)):
        return NotOffered(said.message)
    if came.status == _MISSING and not once:
        return NotFound(said.message)
    if came.status in _REJECTED or came.status == _MISSING:
        return Rejected(came.status, said.message, said.code, said.param)
    return None


def _names_no_object(refusal: Refusal | None) -> bool:
    """Tell whether a 404 is about the URL: no envelope, or one that says so as OpenAI's does."""
    return refusal is None or refusal.code == "unknown_url" or bool(_UNKNOWN_URL.match(refusal.message))


def too_large(came: Answer | Silence, limit_bytes: int) -> Rejected | None:
    """Refuse a body over its limit for good: it would be as large the next time."""
    if isinstance(came, Answer) and came.status // 100 == _GOOD and came.fault == TOO_LARGE:
        return Rejected(came.status, f"the content is larger than {limit_bytes} bytes", code="too_large")
    return None


def web_page(came: Answer | Silence) -> Rejected | None:
    """Refuse a web page where a file was asked for; a website says 200 to every path."""
    if isinstance(came, Answer) and came.status // 100 == _GOOD and is_web_page(came.body):
        return Rejected(came.status, "the content is a web page, not a file", code="not_a_file")
    return None


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read `retry-after-ms`, or `retry-after` in seconds or as a date; the caller clamps it.

    A date counts from the answer's own `date`, so that neither side's clock matters. Of several numbers the
    longest counts: a proxy may have added its own.
    """
    milliseconds = _wait(headers.get("retry-after-ms"), 0.001)
    if milliseconds is not None:
        return milliseconds
    said = headers.get("retry-after")
    seconds = _wait(said, 1)
    until = _date(said) if seconds is None else None
    if until is None:
        return seconds
    wait = until - (_date(headers.get("date")) or datetime.now(UTC))
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)


def _wait(said: str | None, unit: float) -> timedelta | None:
    try:
        seconds = max(float(part) for part in (said or "").split(",")) * unit
    except ValueError:
        return None
    if not seconds >= 0:  # NaN is not
        return None
    return timedelta(seconds=min(seconds, _LONGEST_WAIT.total_seconds()))


def _date(said: str | None) -> datetime | None:
    try:
        read = parsedate_to_datetime(said or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
