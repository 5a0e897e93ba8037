"""Pages: `after` is a position, never looked up; a malformed one gives an empty page."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

T = TypeVar("T")
LARGEST_PAGE = 1000

After = Annotated[
    str | None,
    Query(description="Give what comes behind this id, the last of the page before."),
]


def limit_of(largest: int = LARGEST_PAGE) -> Any:
    """Return the `limit` parameter of a list; 0 is allowed and gives an empty page."""
    return Query(ge=0, le=largest, description=f"How many to give, at most {largest}.")


def cut(rows: Sequence[T], limit: int) -> tuple[Sequence[T], bool]:
    """Return at most `limit` of rows that were asked for one more, and whether there are more."""
    return rows[:limit], len(rows) > limit
