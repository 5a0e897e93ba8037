"""The guide's three sample sets as training files: a Python tutor, customer service, a medical assistant.

Written for this project after the platform's LoRA guide: in Chinese, customer service in English too. Each
passes `tuneward data check` without an error; `tuneward data build --sample NAME` writes one. Imports nothing
of ours.
"""

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

SAMPLES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"python-tutor": ("zh",), "customer-service": ("zh", "en"), "medical": ("zh",)}
)
"""The sets by name, each with the languages that it is written in."""


def sample(name: str, lang: str = "zh") -> bytes:
    """Return a sample set as JSON Lines in UTF-8.

    Raises:
        KeyError: There is no set of this name in this language; `SAMPLES` has those there are.
    """
    if lang not in SAMPLES[name]:
        raise KeyError(lang)
    return (files(__name__) / f"{name.replace('-', '_')}.{lang}.jsonl").read_bytes()
