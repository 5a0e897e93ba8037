"""How messages repeat a value that a client sent: in JSON's words, not in Python's."""

import json
from typing import Any


def as_written(value: Any, most: int = 80) -> str:
    """Return the beginning of a value as JSON writes it (`true`, `null`), text in single quotes."""
    # `repr` also escapes the control characters that JSON leaves alone.
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:most]


def sentence(text: str) -> str:
    """Return a text with a full stop at its end, and with one alone."""
    return text if text.endswith((".", "。")) else f"{text}."
