"""Everything that is wrong with a line: the slow path, for lines that failed."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import DecodeError, Raw, ValidationError
from msgspec.json import Decoder

from domain.training_data.examples import decode_example, kind_of, skim
from domain.training_data.faults import Flaw
from domain.training_data.walk import flaws_of

MOST_FLAWS: Final = 100
"""So many of one line are told."""
# Plain values take many times the bytes of their JSON, and most where they are small and many: a line with
# more of them gets msgspec's own words, for the first thing that is wrong.
_MOST_VALUES: Final = 50_000
_LONGEST_REASON: Final = 200
_decode_keys: Final = Decoder(dict[str, Raw]).decode
_decode: Final = Decoder().decode
_KINDS: Final = {"[": "a list", '"': "a string", "t": "a boolean", "f": "a boolean", "n": "null"}


def explain(line: bytes) -> list[Flaw]:
    """Return what is wrong with a line of UTF-8, nothing if it is in order; never raises."""
    try:
        skim(line)
        _decode_keys(line)
    except RecursionError:
        return [Flaw(code="too_deep")]
    except ValidationError:
        return [Flaw(code="not_an_object", seen=_KINDS.get(chr(line.lstrip()[0]), "a number"))]
    except DecodeError as error:
        return [Flaw(code="not_json", seen=_reason(error).removeprefix("JSON is malformed: "))]
    return list(islice(_walk(line), MOST_FLAWS)) or _in_msgspec_words(line)


def _walk(line: bytes) -> Iterator[Flaw]:
    if line.count(b",") > _MOST_VALUES:
        return
    try:
        example = _decode(line)
    except (DecodeError, RecursionError):  # an integer of a thousand digits, say, where any value is allowed
        return
    yield from flaws_of(example)


def _in_msgspec_words(line: bytes) -> list[Flaw]:
    try:
        example = decode_example(line)
    except RecursionError:
        return [Flaw(code="too_deep")]
    except ValidationError as error:
        where = re.search(r"messages\[(\d{1,9})\]", str(error))
        index = None if where is None else int(where[1])
        return [Flaw(code="wrong_shape", seen=_reason(error), message_index=index)]
    except DecodeError as error:
        return [Flaw(code="not_json", seen=_reason(error).removeprefix("JSON is malformed: "))]
    if kind_of(example) is None:
        return [Flaw(code="wrong_shape", seen="it has no user message, or a blank message, or no answer")]
    return []


def _reason(error: Exception) -> str:
    text = str(error)[:_LONGEST_REASON]
    return text if text.isprintable() else ascii(text)
