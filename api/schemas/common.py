"""What the shapes share."""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field

T = TypeVar("T")
DEEPEST = 64


class ListOf(BaseModel, Generic[T]):
    """A page of a list."""

    object: Literal["list"] = "list"
    data: list[T]
    has_more: bool = Field(description="Whether a request with `after` set to the last id gives more.")


class ListWithIds(ListOf[T], Generic[T]):
    """A page of a list that also names its ends."""

    first_id: str = Field(description="Id of the first object, empty if there is none.")
    last_id: str = Field(description="Id of the last object, empty if there is none.")


def storable(text: str) -> str:
    """Refuse NUL, which Postgres cannot keep."""
    if "\x00" in text:
        message = "must not contain NUL characters"
        raise ValueError(message)
    return text


def storable_json(value: Any, depth: int = 0) -> Any:
    """Refuse what Postgres cannot keep anywhere in a JSON value: NUL, lone surrogates, NaN, great depth."""
    if depth > DEEPEST:
        message = f"must not be nested deeper than {DEEPEST} levels"
        raise ValueError(message)
    if isinstance(value, str):
        storable(value).encode()
    elif isinstance(value, float) and not math.isfinite(value):
        message = "must not contain NaN or Infinity"
        raise ValueError(message)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            storable_json(key, depth + 1)
            storable_json(inner, depth + 1)
    elif isinstance(value, Sequence):
        for inner in value:
            storable_json(inner, depth + 1)
    return value


Text = Annotated[str, AfterValidator(storable)]
Json = Annotated[Any, AfterValidator(storable_json)]
