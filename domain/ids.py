"""Prefixed, time-ordered ids.

An id is its prefix and 26 characters of a ULID in lower case (48 bits of milliseconds, 80 random
bits, Crockford's base 32), so that ids compared byte by byte (`COLLATE "C"`) are in order of time and
a page's `after` is a position, not a row. Source of the alphabet: the ULID specification.
"""

import re
import secrets
import time
from datetime import datetime
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
ULID_LENGTH: Final = 26

PROJECT: Final = "proj_"
API_KEY: Final = "key_"
CREDENTIAL: Final = "cred_"
FILE: Final = "file-"
UPLOAD: Final = "upload_"
PART: Final = "part_"
JOB: Final = "ftjob-"
CHECKPOINT: Final = "ftckpt_"
SUBMISSION: Final = "sub_"
PLATFORM_UPLOAD: Final = "pu_"
ENDPOINT: Final = "we_"
WEBHOOK_EVENT: Final = "evt_"
DELIVERY: Final = "wh_"
ATTEMPT: Final = "att_"
EVENT: Final = "ftevent-"
REQUEST: Final = "req_"

_SUFFIX = re.compile(f"[{ALPHABET}]{{{ULID_LENGTH}}}")
_SEQUENCE_DIGITS: Final = 8


def new_id(prefix: str, *, at: datetime | None = None) -> str:
    """Return a fresh id, later ones comparing greater to the millisecond.

    `at` is Postgres's clock where it is known: pages are in the order of ids, and the clock of one process
    may be off by an hour. Without it this process's own clock orders the id.
    """
    milliseconds = time.time_ns() // 1_000_000 if at is None else int(at.timestamp() * 1000)
    number = milliseconds << 80 | secrets.randbits(80)
    return prefix + "".join(ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def is_id(prefix: str, text: str) -> bool:
    """Tell whether `text` has the form of an id of this prefix; it may still name nothing."""
    return text.startswith(prefix) and _SUFFIX.fullmatch(text[len(prefix) :]) is not None


def event_id(job_id: str, sequence: int) -> str:
    """Return the id of the event number `sequence` (from 1) of a job: it is derived, never stored."""
    return f"{EVENT}{job_id.removeprefix(JOB)}-{sequence:0{_SEQUENCE_DIGITS}d}"


def event_sequence(job_id: str, text: str) -> int | None:
    """Return the sequence inside an event id of this job, or None if `text` is not one."""
    suffix = text.removeprefix(f"{EVENT}{job_id.removeprefix(JOB)}-")
    if len(suffix) != _SEQUENCE_DIGITS or not (suffix.isascii() and suffix.isdigit()):
        return None
    return int(suffix)
