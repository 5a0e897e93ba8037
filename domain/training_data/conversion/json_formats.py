"""Formats whose records are JSON objects."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from domain.training_data.building import ExampleDict
from domain.training_data.conversion import alpaca, pairs, sharegpt
from domain.training_data.conversion.detection import ALPACA, PAIRS, SHAREGPT
from domain.training_data.conversion.fields import Dropped, Fields, kind
from domain.training_data.conversion.json_records import records
from domain.training_data.conversion.outcome import Results
from domain.training_data.problems import Misfit

Build: TypeAlias = Callable[[Fields, str | None, Dropped], ExampleDict]
"""Makes an example of a record, under a system prompt if the record brings none; may raise Misfit."""

OF_JSON: Final[Mapping[str, Build]] = {
    ALPACA: alpaca.example_of,
    SHAREGPT: sharegpt.example_of,
    PAIRS: pairs.example_of,
}
_LONGEST_REASON: Final = 200


def of_json(
    text: Iterable[str], build: Build, *, max_bytes: int, system: str | None, dropped: Dropped
) -> Results:
    """Yield what becomes of each record; `records` says what is raised."""
    for line, record in records(text, max_bytes):
        try:
            yield line, build(_fields(record), system, dropped)
        except Misfit as misfit:
            yield line, misfit


def _fields(record: str) -> Fields:
    try:
        fields = msgspec.json.decode(record)
    except RecursionError:
        raise Misfit("too_deep") from None
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise Misfit(
            "not_json", seen=str(error).removeprefix("JSON is malformed: ")[:_LONGEST_REASON]
        ) from None
    if not isinstance(fields, dict):
        raise Misfit("not_an_object", seen=kind(fields))
    return fields
