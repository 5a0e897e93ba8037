"""JSON in a string, as the arguments of a tool's call are: it has to stay JSON."""

import json
import re
from typing import Final

from domain.training_data.personal_data.kinds import Hit, Numbering
from domain.training_data.personal_data.search import find, replaced

_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


def is_json(text: str) -> bool:
    """Tell whether a text is an object or a list in JSON."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
        text.encode()
    except (ValueError, RecursionError):
        return False
    return True


def redact_bare_values(text: str, numbering: Numbering) -> tuple[str, list[Hit]]:
    """Put placeholders, as strings, in the place of numbers that stand outside of any string."""
    outside = _STRING.sub(lambda string: " " * len(string[0]), text)
    hits = [hit for hit in find(text, numbering) if outside[hit.start : hit.end].isdigit()]
    return replaced(text, hits, quote='"'), hits
