"""The corpus: every case, by theme."""

from collections.abc import Iterator, Sequence

from tests.hostile.case import Case
from tests.hostile.corpus import bodies, files, http, keys, names, parameters, routes, text

THEMES = (http, keys, text, bodies, files, parameters, names)


def corpus(operations: Sequence[str]) -> Iterator[Case]:
    """Every case there is, for an api that has these operations."""
    for theme in THEMES:
        yield from theme.cases()
    yield from routes.cases(operations)
