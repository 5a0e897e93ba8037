"""How messages repeat a value that a client sent: in JSON's words, not in Python's."""

import json
import re
from typing import Any, Final

# Chinese words are written with the keyboard's punctuation, and get their own when they are told.
_FULL_WIDTH: Final = {",": "\uff0c", ":": "\uff1a", ";": "\uff1b", "?": "\uff1f", "!": "\uff01"}
_OF_WORDS: Final = str.maketrans(_FULL_WIDTH | {"(": "\uff08", ")": "\uff09"})
_HAN: Final = "\u3400-\u9fff"
_brackets: Final = re.compile(
    rf"(?<=[{_HAN}]) ?\(([^()]*)\)|\(([^()]*)\)(?=[{_HAN}\u3001])|\(([^()]*[{_HAN}][^()]*)\)"
)
_beside_han: Final = re.compile(
    rf"(?<=[{_HAN}\u3001\u3002\uff09\u201d])[,:;?!]|[,:;?!](?=[{_HAN}\u201c])|;(?=\S)"
)
_between_han: Final = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")


def as_written(value: Any, most: int = 80) -> str:
    """Return the beginning of a value as JSON writes it (`true`, `null`), text in single quotes."""
    # `repr` also escapes the control characters that JSON leaves alone.
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:most]


def sentence(text: str) -> str:
    """Return a text with a full stop at its end, and with one alone."""
    return text if text.endswith((".", "。")) else f"{text}."


def all_in_chinese(text: str) -> str:
    """Return a Chinese template with Chinese punctuation; what is filled in later keeps its own."""
    return text.translate(_OF_WORDS)


def in_chinese(text: str) -> str:
    """Return a Chinese text with Chinese punctuation wherever it stands beside Chinese characters."""
    text = _brackets.sub(lambda found: f"\uff08{next(filter(None, found.groups()), '')}\uff09", text)
    text = _beside_han.sub(lambda found: _FULL_WIDTH[found[0]], text)
    return _between_han.sub("", text)
