"""What the shapes share."""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

T = TypeVar("T")
DEEPEST = 64
LARGEST_NUMBER = sys.float_info.max
"""Postgres keeps larger integers, but what reads JSON refuses them: the row could never be read again."""


class ListOf(BaseModel, Generic[T]):
    """A page of a list."""

    object: Literal["list"] = "list"
    data: list[T] = Field(description="The objects of this page.")
    has_more: bool = Field(description="Whether a request with `after` set to the last id gives more.")


class ListWithIds(ListOf[T], Generic[T]):
    """A page of a list that also names its ends."""

    first_id: str = Field(description="Id of the first object, empty if there is none.")
    last_id: str = Field(description="Id of the last object, empty if there is none.")


def sometimes(**properties: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """Return what describes keys that an answer has only where they apply: extra keys, to pydantic."""

    def describe(schema: dict[str, Any]) -> None:
        schema["properties"] |= properties

    return describe


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id."""
        ...


Item = TypeVar("Item", bound=Named)


def list_with_ids(items: Sequence[Item], *, has_more: bool) -> "ListWithIds[Item]":
    """Show a page and name its ends, which are empty where it is: null fails OpenAI's own checks."""
    # The annotation is text: pydantic makes a schema of one that it reads, and there is none of a protocol.
    first, last = (items[0].id, items[-1].id) if items else ("", "")
    return ListWithIds(data=list(items), has_more=has_more, first_id=first, last_id=last)


def storable(text: str) -> str:
    """Refuse what Postgres cannot keep in a text: NUL and lone surrogates, which JSON can write."""
    if "\x00" in text:
        message = "must not contain NUL characters"
        raise ValueError(message)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        message = "must not contain lone surrogates"
        raise ValueError(message)
    return text


def storable_json(value: Any, depth: int = 0) -> Any:
    """Refuse what Postgres cannot keep anywhere in JSON: NUL, lone surrogates, NaN, depth, huge numbers."""
    if depth > DEEPEST:
        message = f"must not be nested deeper than {DEEPEST} levels"
        raise ValueError(message)
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        message = "must not contain NaN or Infinity"
        raise ValueError(message)
    elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        message = f"must not contain numbers beyond {LARGEST_NUMBER:.4g}"
        raise ValueError(message)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            storable_json(key, depth + 1)
            storable_json(inner, depth + 1)
    elif isinstance(value, Sequence):
        for inner in value:
            storable_json(inner, depth + 1)
    return value


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)
"""Write it behind a strict integer's bounds: 42.0 is one as well, as JSON sees it."""
Storable = AfterValidator(storable)
"""Write it behind a length: pydantic calls what follows a function a value with items, not a string."""
Text = Annotated[str, Storable]
Json = Annotated[Any, AfterValidator(storable_json)]
