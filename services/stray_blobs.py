"""Blobs without a row: a process died between the publishing of the blob and the commit of its row."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from db.queries import identities, leases, stray_blobs
from db.session import Session
from domain import ids

FOLDERS: Final = ("files", "parts")
"""Where our blobs lie; in no other place is anything ever deleted."""
TURNS_PER_AGE: Final = 24
FEW: Final = 20
MARKS: Final = "owner"
"""The folder in which each database that sweeps a store leaves an empty blob named by its id."""

_TURN = "stray_blobs"


async def take_turn(session: Session, *, age: timedelta) -> datetime | None:
    """Take the turn to look through the store, which comes 24 times in `age`, for all workers together.

    Returns:
        Since when a blob must have lain there to be looked at; None if it is nobody's turn.
    """
    now = await leases.take_turn(session, name=_TURN, every=age / TURNS_PER_AGE)
    return None if now is None else now - age


async def mark(session: Session) -> str:
    """Return the key of the blob that says that this database sweeps the store."""
    return f"{MARKS}/{await identities.ours(session, name=_TURN)}"


def is_ours(key: str) -> bool:
    """Tell whether a key has the form of one that we give: a file, an attempt at one or at a copy, a part."""
    folder, _, name = key.partition("/")
    owner_id, _, attempt = name.partition(".")
    if folder == "parts":
        return ids.is_id(ids.PART, name)
    return folder == "files" and (
        ids.is_id(ids.FILE, name)
        or (attempt.isdecimal() and (ids.is_id(ids.UPLOAD, owner_id) or ids.is_id(ids.FILE, owner_id)))
    )


async def unknown_keys(session: Session, *, keys: Sequence[str]) -> list[str]:
    """Return those of the keys that no row knows."""
    return await stray_blobs.unknown_keys(session, keys=keys) if keys else []


def are_suspiciously_many(strays: int, looked_at: int) -> bool:
    """Tell whether so much of a store is stray that it rather belongs to another database."""
    return strays > max(FEW, looked_at // 10)
