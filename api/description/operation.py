"""What can be said of an operation beyond what its route's signature says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import TunewardError


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What is added to an operation.

    Attributes:
        id: `operationId`: what generated clients call it.
        errors: those of its own, an example each.
        asked: named examples of its JSON body.
        answered: named examples of its JSON answer.
        body: its whole `requestBody`, where the route reads the request itself.
        content: the whole `content` of its 200, where that is not one JSON schema.
        description: of the 200, where the answer's schema does not say it.
        parameters: that the route reads from the request itself.
        headers: that its 200 may have besides those that every answer has.
        others: responses besides 200 and the errors.
        links: from its 200 to other operations, besides those to what it made.
    """

    id: str
    errors: Sequence[TunewardError] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    answered: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    content: Mapping[str, Any] | None = None
    description: str | None = None
    parameters: Sequence[Mapping[str, Any]] = ()
    headers: Sequence[str] = ()
    others: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)
