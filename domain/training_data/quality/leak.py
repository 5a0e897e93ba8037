"""Validation examples that are in the training file too, and so measure nothing."""

import struct
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from typing import Final

from domain.training_data.examples import messages_of
from domain.training_data.findings import LINES_SHOWN, Conclusion, Numbered
from domain.training_data.quality.signatures import BYTES_PER_PERMUTATION, signatures, similarity
from domain.training_data.quality.turns import HASH_BYTES, conversation_of, fingerprint
from domain.training_data.quality.wording import Places, Words, percent, worded

PERMUTATIONS: Final = 64
EXAMPLES_KEPT: Final = 20_000
THRESHOLD: Final = 0.8
# 12 bands of 5: a pair of similarity 0.8 meets with probability 0.99; four permutations are in no band.
_BANDS: Final = 12
_ROWS: Final = 5
_KEPT_PER_BAND: Final = 8
_SIGNATURE_BYTES: Final = PERMUTATIONS * BYTES_PER_PERMUTATION
_HEAD: Final = struct.Struct("<4sQI")
_MAGIC: Final = b"TFP1"
_PAIRS_NAMED: Final = 5
_WORDS: Final = Words(
    "{count} of {total} validation examples ({share}) are in the training file too, or nearly (validation"
    " line = training line: {pairs}).",
    "{total} 条验证样本中有 {count} 条({share})与训练文件中的样本相同或几乎相同(验证行 = 训练行:{pairs})。",
    "Take them out of one of the two files: a model that has seen the answers looks better than it is.",
    "请从其中一个文件中删除这些样本:模型已经见过答案,评估结果会虚高。",
)


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What tells a file's examples apart: of each its line, 8 bytes exact and 128 bytes of likeness.

    Of more than 20,000 examples those with the smallest hashes are kept: the same texts in both files.
    `examples` is how many the file has.
    """

    examples: int = 0
    lines: "array[int]" = field(default_factory=lambda: array("I"))
    exact: bytes = b""
    near: bytes = b""

    def to_bytes(self) -> bytes:
        """Return what `from_bytes` reads, on machines of one byte order."""
        head = _HEAD.pack(_MAGIC, self.examples, len(self.lines))
        return b"".join((head, self.lines.tobytes(), self.exact, self.near))

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Fingerprints":
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: These are other bytes, of another version, or cut.
        """
        if len(stored) < _HEAD.size:
            raise ValueError(
                f"fingerprints have at least {_HEAD.size} bytes, not {len(stored)}; make them anew"
            )
        magic, examples, kept = _HEAD.unpack_from(stored)
        sizes = (4 * kept, HASH_BYTES * kept, _SIGNATURE_BYTES * kept)
        if magic != _MAGIC or len(stored) != _HEAD.size + sum(sizes) or kept > min(examples, EXAMPLES_KEPT):
            raise ValueError(f"{stored[:8]!r}… are no fingerprints of this version, or cut; make them anew")
        exact = _HEAD.size + sizes[0]
        near = exact + sizes[1]
        return cls(examples, array("I", stored[_HEAD.size : exact]), stored[exact:near], stored[near:])

    def rows(self) -> Iterator[tuple[bytes, int, bytes]]:
        """Yield hash, line and signature of each example."""
        for index, line in enumerate(self.lines):
            near, exact = index * _SIGNATURE_BYTES, index * HASH_BYTES
            yield self.exact[exact : exact + HASH_BYTES], line, self.near[near : near + _SIGNATURE_BYTES]


class FingerprintLook:
    """Makes the fingerprints of a file in pieces; `combined` puts them together."""

    name = "fingerprints"

    def observe(self, examples: Sequence[Numbered]) -> Fingerprints:
        """Return a piece's fingerprints."""
        texts = {line: conversation_of(messages_of(example)) for line, example in examples}
        kept = nsmallest(EXAMPLES_KEPT, ((fingerprint(text), line) for line, text in texts.items()))
        return Fingerprints(
            len(texts),
            array("I", (line for _, line in kept)),
            b"".join(exact for exact, _ in kept),
            signatures((texts[line] for _, line in kept), PERMUTATIONS),
        )

    def condense(self, seen: Sequence[Fingerprints]) -> Fingerprints:
        """Return the fingerprints of several pieces as those of one."""
        return combined(seen)

    def conclude(self, seen: Sequence[Fingerprints]) -> Conclusion:
        """Return figures only: one file alone leaks nothing."""
        whole = combined(seen)
        return Conclusion(figures={"examples": whole.examples, "examples_kept": len(whole.lines)})


def combined(pieces: Sequence[Fingerprints]) -> Fingerprints:
    """Return the fingerprints of the whole file."""
    rows = nsmallest(EXAMPLES_KEPT, (row for piece in pieces for row in piece.rows()))
    return Fingerprints(
        sum(piece.examples for piece in pieces),
        array("I", (line for _, line, _ in rows)),
        b"".join(exact for exact, _, _ in rows),
        b"".join(near for _, _, near in rows),
    )


def leak(training: Fingerprints, validation: Fingerprints) -> Conclusion:
    """Return the validation lines that the training file holds too, with the training line of each.

    Figures: examples of both files, how many of each were compared (`complete` if all), how many
    validation examples leak, exactly and nearly, and `pairs`: up to ten `[validation line, training line]`.
    """
    known = {exact: line for exact, line, _ in sorted(training.rows(), key=lambda row: -row[1])}
    rows = sorted(validation.rows(), key=lambda row: row[1])
    exact = {line: known[each] for each, line, _ in rows if each in known}
    near = _nearly(training, [(line, each) for _, line, each in rows if line not in exact])
    pairs = sorted((exact | near).items())
    figures = {
        "training_examples": training.examples,
        "validation_examples": validation.examples,
        "training_examples_compared": len(training.lines),
        "validation_examples_compared": len(rows),
        "complete": all(len(file.lines) == file.examples for file in (training, validation)),
        "exact": len(exact),
        "near": len(near),
        "pairs": [list(pair) for pair in pairs[:LINES_SHOWN]],
    }
    if not pairs:
        return Conclusion(figures=figures)
    places = Places(len(pairs), [(line, None) for line, _ in pairs[:LINES_SHOWN]])
    shown = "; ".join(f"{line} = {counterpart}" for line, counterpart in pairs[:_PAIRS_NAMED])
    share = percent(len(pairs), len(rows))
    finding = worded("validation_leak", _WORDS, places, total=f"{len(rows):,}", share=share, pairs=shown)
    return Conclusion(findings=(finding,), figures=figures)


def _nearly(training: Fingerprints, validation: list[tuple[int, bytes]]) -> dict[int, int]:
    """Return for each validation line that is alike to a training line the one most alike."""
    bands: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    wanted = {key for _, near in validation for key in _keys(near)}
    for index, (_, _, near) in enumerate(training.rows()):
        for key in wanted.intersection(_keys(near)):
            if len(bands[key]) < _KEPT_PER_BAND:
                bands[key].append(index)
    numbers = memoryview(training.near).cast("H")
    found = {}
    for line, near in validation:
        own = memoryview(near).cast("H")
        candidates = sorted({index for key in _keys(near) for index in bands.get(key, ())})
        rated = (
            (
                similarity(numbers[index * PERMUTATIONS : (index + 1) * PERMUTATIONS], own),
                -training.lines[index],
            )
            for index in candidates
        )
        alike, negative_line = max(rated, default=(0.0, 0))
        if alike >= THRESHOLD:
            found[line] = -negative_line
    return found


def _keys(near: bytes) -> list[tuple[int, bytes]]:
    width = _ROWS * BYTES_PER_PERMUTATION
    return [(band, near[band * width : (band + 1) * width]) for band in range(_BANDS)]
