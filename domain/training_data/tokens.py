"""How many tokens each example has, and how they are spread."""

import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from domain.training_data.chat_template import FRAME_TOKENS, HEAD_TOKENS, SYSTEM, pieces
from domain.training_data.examples import Example
from domain.training_data.findings import LINES_SHOWN, Conclusion, Finding, Numbered
from domain.training_data.vocabulary import Vocabulary

CONTEXT_LENGTH: Final = 32_768
"""What Qwen3-32B reads at once, natively, in tokens; what is longer is cut off in training."""
EXAMPLES_KEPT: Final = 200_000
"""Of so many examples the counts are kept one by one; the sums are those of all."""
_COMES_OFTEN: Final = 8_000
"""System prompts up to so many characters are kept with their counts: most files have one for all lines."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Of each example its line, all its tokens, and those that the model learns to say."""

    lines: "array[int]" = field(default_factory=lambda: array("I"))
    total: "array[int]" = field(default_factory=lambda: array("I"))
    trained: "array[int]" = field(default_factory=lambda: array("I"))

    def to_bytes(self) -> bytes:
        """Return what `from_bytes` reads, compressed: the first 200,000 examples."""
        columns = (column[:EXAMPLES_KEPT] for column in (self.lines, self.total, self.trained))
        return zlib.compress(b"".join(column.tobytes() for column in columns))

    @classmethod
    def from_bytes(cls, stored: bytes) -> "TokenCounts":
        """Read what `to_bytes` wrote."""
        values = array("I", zlib.decompress(stored))
        third = len(values) // 3
        return cls(values[:third], values[third : 2 * third], values[2 * third :])


def joined(pieces: Sequence[TokenCounts]) -> TokenCounts:
    """Return the counts of the whole file."""
    whole = TokenCounts()
    for piece in pieces:
        whole.lines.extend(piece.lines)
        whole.total.extend(piece.total)
        whole.trained.extend(piece.trained)
    return whole


def count_example(example: Example, vocabulary: Vocabulary) -> tuple[int, int]:
    """Return an example's tokens in the chat template, and those of them that are trained on.

    Trained on are the assistant's texts with the mark that ends each; all others are the prompt.
    """
    total = trained = 0
    for head, text, learned in pieces(example):
        if text[:1].isspace():  # its line ends can merge with that of the head
            tokens = vocabulary.count(head + text) - HEAD_TOKENS
        elif head is SYSTEM and len(text) < _COMES_OFTEN:
            tokens = vocabulary.count_often(text)
        else:
            tokens = vocabulary.count(text)
        total += tokens + HEAD_TOKENS + FRAME_TOKENS
        if learned:
            trained += tokens + 1
    return total, trained


class Tokens:
    """The look that counts them."""

    name = "tokens"

    def __init__(self, vocabulary: Vocabulary, *, context_length: int = CONTEXT_LENGTH) -> None:
        self._vocabulary = vocabulary
        self._context_length = context_length

    def observe(self, examples: Sequence[Numbered]) -> TokenCounts:
        """Count the tokens of a piece of the file."""
        counts = TokenCounts()
        for line, example in examples:
            total, trained = count_example(example, self._vocabulary)
            counts.lines.append(line)
            counts.total.append(total)
            counts.trained.append(trained)
        return counts

    def conclude(self, seen: Sequence[TokenCounts]) -> Conclusion:
        """Return the sums, the histogram, and the examples that are too long."""
        total = array("I", chain.from_iterable(counts.total for counts in seen))
        trained = sum(chain.from_iterable(counts.trained for counts in seen))
        over_long = [
            line
            for counts in seen
            for line, tokens in zip(counts.lines, counts.total, strict=True)
            if tokens > self._context_length
        ]
        figures = {
            "exact": True,
            "error": 0.0,
            "total": sum(total),
            "trained": trained,
            "prompt": sum(total) - trained,
            "per_example": spread(total),
            "histogram": histogram(total),
            "over_long": {"limit": self._context_length, "examples": len(over_long)},
        }
        return Conclusion(findings=tuple(self._too_long(over_long)), figures=figures)

    def _too_long(self, lines: list[int]) -> Iterable[Finding]:
        if lines:
            limit = self._context_length
            yield Finding(
                code="over_long_examples",
                message=f"Examples longer than the {limit:,} tokens that the model can read: {len(lines)}.",
                message_zh=f"有 {len(lines)} 个样本超过 {limit:,} 个 token,超出模型的上下文长度。",
                fix="Split them: what is behind the limit is cut off, and that is the answer.",
                fix_zh="请拆分这些样本:超出部分会被截断,而被截断的往往正是回答。",
                line=lines[0],
                lines=tuple(lines[:LINES_SHOWN]),
                count=len(lines),
            )


def spread(counts: Sequence[int]) -> dict[str, Any]:
    """Return the smallest, the median, the 95th percentile, the largest and the mean of the counts."""
    if not counts:
        return {}
    ordered = sorted(counts)
    last = len(ordered) - 1
    return {
        "min": ordered[0],
        "p50": ordered[last // 2],
        "p95": ordered[last * 95 // 100],
        "max": ordered[last],
        "mean": round(sum(ordered) / len(ordered), 1),
    }


def histogram(counts: Sequence[int]) -> list[dict[str, int]]:
    """Return how many examples have from 2ⁿ to 2ⁿ⁺¹ - 1 tokens, for each n there is."""
    found = Counter(count.bit_length() for count in counts)
    return [
        {"from": 1 << bits - 1 if bits else 0, "to": (1 << bits) - 1, "examples": found[bits]}
        for bits in sorted(found)
    ]
