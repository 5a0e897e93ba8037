"""Qwen's tokens, counted exactly as the platform's own tokenizer counts them."""

import base64
import hashlib
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import tiktoken

SHA256: Final = "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186"
"""Of the file `qwen.tiktoken` that all models from Qwen to Qwen3 share; the `dashscope` package has it."""
# How a text is cut before tokens are made of the pieces, and the tokens that stand for no text.
_PATTERN: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPECIAL: Final = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    *(f"<|extra_{number}|>" for number in range(205)),
)
_FIRST_SPECIAL: Final = 151_643
_SPECIAL_BEGINS: Final = "<|"
# tiktoken can run out of stack on a longer text; DashScope's tokenizer cuts at the same places.
_LONGEST_AT_ONCE: Final = 100_000


class Vocabulary:
    """Counts tokens; made once for a process, since it takes a fifth of a second and 60 MB."""

    def __init__(self, ranks: bytes) -> None:
        """Read the content of `qwen.tiktoken`.

        Raises:
            ValueError: It is another file.
        """
        found = hashlib.sha256(ranks).hexdigest()
        if found != SHA256:
            raise ValueError(f"qwen.tiktoken is not the file that is known: its SHA-256 is {found}")
        pairs = (line.split() for line in ranks.splitlines())
        self.encoding = tiktoken.Encoding(
            "qwen",
            pat_str=_PATTERN,
            mergeable_ranks={base64.b64decode(token): int(rank) for token, rank in pairs},
            special_tokens={token: _FIRST_SPECIAL + at for at, token in enumerate(_SPECIAL)},
        )
        """The library's own encoding, for a text of ordinary length in NFC."""
        self.count_often = lru_cache(maxsize=256)(self.count)
        """As `count`, for texts that come again and again, such as system prompts."""

    def count(self, text: str) -> int:
        """Return how many tokens a text has; the names of special tokens in it count as these tokens."""
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        if len(text) > _LONGEST_AT_ONCE or _SPECIAL_BEGINS in text:
            return sum(map(self._count, _cut(text)))
        # The same number, without handing 208 names over and looking for them: half the time for a message.
        return len(self.encoding.encode_ordinary(text))

    def _count(self, text: str) -> int:
        return len(self.encoding.encode(text, allowed_special="all", disallowed_special=()))


def _cut(text: str) -> Iterator[str]:
    """Yield a long text in parts of at most 100,000 characters, cut before line ends where there are any."""
    part = ""
    for piece in _short_lines(text):
        if len(part) + len(piece) > _LONGEST_AT_ONCE and part:
            yield part
            part = ""
        part += piece
    yield part


def _short_lines(text: str) -> Iterator[str]:
    first, *others = text.split("\n")
    for line in (first, *(f"\n{other}" for other in others)):
        for begin in range(0, max(1, len(line)), _LONGEST_AT_ONCE):
            yield line[begin : begin + _LONGEST_AT_ONCE]
