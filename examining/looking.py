"""What runs in a process of the pool: plain functions, whose arguments and results can be pickled."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from domain.training_data import examination
from domain.training_data.examination import Examined, Observed, Piece, Rewrite
from domain.training_data.findings import Look
from domain.training_data.personal_data.look import PersonalData
from domain.training_data.personal_data.redaction import redact_line
from domain.training_data.quality import LOOKS
from domain.training_data.quality.leak import FingerprintLook, combined
from domain.training_data.tokens import Tokens, joined
from domain.training_data.vocabulary import Vocabulary
from examining.wanted import Copy, Kept, Wanted

_PARENT_LOOK: Final = 1.0
"""Seconds between two looks whether the process that started this one is still there."""


def begin() -> None:
    """Prepare a process: Ctrl-C is for the one that started it, and it does not outlive that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_LOOK)
    os._exit(1)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Read Qwen's vocabulary, which the `dashscope` package carries; its code is not imported."""
    return Vocabulary(vocabulary_file().read_bytes())


def vocabulary_file() -> Path:
    """Return where `qwen.tiktoken` lies."""
    return Path(str(distribution("dashscope").locate_file("dashscope/resources/qwen.tiktoken")))


@lru_cache(maxsize=1)
def looks() -> tuple[Look[Any], ...]:
    """Return all looks in the order of a report."""
    return (Tokens(vocabulary()), FingerprintLook(), PersonalData(), *LOOKS)


def observe(piece: Piece, wanted: Wanted) -> Observed:
    """Look at one piece."""
    some = [look for look in looks() if wanted.personal_data or not isinstance(look, PersonalData)]
    rewrite = None if wanted.copy is None else _REWRITES[wanted.copy]
    return examination.observe(some, piece, kind=wanted.kind, rewrite=rewrite)


def conclude(observed: Sequence[Observed]) -> Examined:
    """Put the pieces together."""
    return examination.conclude(looks(), observed)


def condense(observed: Sequence[Observed]) -> dict[str, Any]:
    """Return what stands for several pieces in the first of them."""
    return examination.condensed(looks(), observed)


def keep(observed: Sequence[Observed]) -> Kept:
    """Return what is kept of the pieces together."""
    tokens, fingerprints = (
        [piece.seen[name] for piece in observed if name in piece.seen]
        for name in (Tokens.name, FingerprintLook.name)
    )
    return Kept(token_counts=joined(tokens).to_bytes(), fingerprints=combined(fingerprints).to_bytes())


def _redact(line: bytes) -> bytes:
    return redact_line(line).line


_REWRITES: Final[dict[Copy, Rewrite]] = {Copy.CLEANED: bytes, Copy.REDACTED: _redact}
