"""What sort of example a line is, so that each sort is on both sides of a split, and whom it repeats."""

import re
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from msgspec import DecodeError

from domain.training_data.examples import (
    Developer,
    Message,
    System,
    User,
    decode_example,
    kind_of,
    messages_of,
    text_of,
)
from domain.training_data.explain import explain
from domain.training_data.lines import no_text, refusal

BY: Final = ("system", "kind", "turns", "script")
"""By what strata are told apart: the system prompt, chat or preference, one turn or several, Han or other."""
_SYSTEM_SHOWN: Final = 40
_GROUP_BYTES: Final = 8
_NO_WORD: Final = re.compile(r"[\W_]+")
_han: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


@dataclass(frozen=True, slots=True)
class Stratum:
    """One sort of example; an attribute that does not count is empty.

    `system` is the beginning of the system prompt, `digest` tells prompts apart that begin alike.
    """

    system: str = ""
    kind: str = ""
    turns: str = ""
    script: str = ""
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Placed:
    """A line's stratum, and a number that lines have in common whose user says the same."""

    stratum: Stratum
    group: int


def place(line: bytes, number: int, by: tuple[str, ...] = BY) -> Placed:
    """Return where a line belongs.

    Raises:
        InvalidFile: The line is no example.
    """
    damage = no_text(line)
    if damage is not None:
        raise refusal(damage.on(number).message)
    try:
        example = decode_example(line)
        kind = kind_of(example)
    except (DecodeError, RecursionError):
        kind = None
    if kind is None:
        said = "".join(f" {flaw.on(number).message}" for flaw in explain(line)[:1])
        raise refusal(
            f"A file with faulty lines cannot be divided.{said} Check the file and correct it first."
        )
    messages = messages_of(example)
    asked = [text_of(said.content) for said in messages if isinstance(said, User)]
    return Placed(_stratum(messages, kind, asked, by), group_of(asked))


def _bare(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    return _NO_WORD.sub("", text) or " ".join(text.split())


def group_of(asked: list[str]) -> int:
    """Return the number of all examples whose user says this, whatever its case, width and punctuation."""
    same = "\0".join(_bare(text) for text in asked)
    return int.from_bytes(blake2b(same.encode(), digest_size=_GROUP_BYTES).digest(), "big")


def _stratum(messages: list[Message], kind: str, asked: list[str], by: tuple[str, ...]) -> Stratum:
    system = "\n".join(text_of(said.content) for said in messages if isinstance(said, System | Developer))
    counted = "system" in by
    return Stratum(
        system=" ".join(system[: 2 * _SYSTEM_SHOWN].split())[:_SYSTEM_SHOWN] if counted else "",
        kind=kind if "kind" in by else "",
        turns=("multi" if len(asked) > 1 else "single") if "turns" in by else "",
        script=script_of(asked) if "script" in by else "",
        digest=blake2b(system.encode(), digest_size=_GROUP_BYTES).digest() if counted else b"",
    )


def script_of(texts: list[str]) -> str:
    """Return `han` if most letters are Chinese characters, else `other`."""
    han = sum(len(text) - len(_han.sub("", text)) for text in texts)
    letters = sum(sum(map(str.isalpha, text)) for text in texts)
    return "han" if 2 * han > letters else "other"
