"""Finding near duplicates: our look beside the library it is built on, over the same texts."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from rensa import RMinHash, RMinHashDigestMatrix, RMinHashLSH

from benchmarks.figure import Figure, Target
from benchmarks.training_files import jsonl
from domain.training_data.examples import Assistant, Example, decode_example, messages_of, text_of
from domain.training_data.findings import Numbered
from domain.training_data.quality.duplicates import BANDS, PERMUTATIONS, Duplicates
from domain.training_data.quality.signatures import SEED, signatures
from domain.training_data.quality.turns import conversation_of

METHOD: Final = """\
The same conversations of about 500 bytes, a fifth of them Chinese, one in fifty a near copy of another, in
one process and in turns. Ours, in the first and the last row, is the whole look, from decoded examples to
groups: it normalises texts, also finds exact duplicates and contradicting answers, compares candidates and
names groups. The library, rensa, flags texts: it gets them normalised, with as many permutations and bands,
and what is alike for it is the same: windows of eight bytes, since Chinese has no words to split at blanks.

- *From texts*: the windows are cut in Python, as a program around the library has to, then its digests and
  its index. Most of the time is the cutting, which ours does without a Python object for each window.
- *Signatures*: only the step that is the library's own. Ours makes windows of the texts and cuts its results
  to 16 bits; the library's digests get the windows ready-made.
- *From ready-made windows*: digests and index for the flags, against our whole look. No program has its
  windows ready-made; the ratio says what all that is around the library costs.

Processor time over the files' bytes; both must find the copies."""

_MB = 1_000_000
_THRESHOLD = 0.8
_SHINGLE = 8
_PIECE = 2_000
_COPY_EVERY = 50


def run(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one argument of every benchmark
    """Measure in alternating rounds."""
    size, rounds = (2, 3) if quick else (8, 7)
    examples = _with_copies([decode_example(line) for line in jsonl(size * _MB).splitlines()])
    texts = [conversation_of(messages_of(example)) for _, example in examples]
    copies = len(examples) // (_COPY_EVERY + 1)
    tokens = _tokens(texts)
    ways: tuple[Callable[[], int], ...] = (
        lambda: _ours(examples),
        lambda: _library(_tokens(texts)),
        lambda: _library(tokens),
        lambda: len(signatures(texts, PERMUTATIONS)),
        lambda: _digests(tokens).len(),
    )
    ours, library, ready, signed, digested = zip(
        *([_speed(way, size, copies) for way in ways] for _ in range(rounds)), strict=True
    )
    unit = "MB/s"
    return [
        Figure(
            name="Near duplicates", unit=unit, values=ours, reference="rensa from texts",
            reference_values=library, target=Target("ratio", "≥", 0.8),
        ),
        Figure(
            name="Signatures alone", unit=unit, values=signed, reference="rensa's digests",
            reference_values=digested,
        ),
        Figure(
            name="Near duplicates", unit=unit, values=ours, reference="rensa from ready-made windows",
            reference_values=ready,
        ),
    ]  # fmt: skip


def _with_copies(examples: list[Example]) -> list[Numbered]:
    rng = random.Random(1)
    copies = [_copy(example, rng) for example in examples[::_COPY_EVERY]]
    return list(enumerate(examples + copies, 1))


def _copy(example: Example, rng: random.Random) -> Example:
    """Return the example with a few characters less at the beginning of its answer."""
    *before, answer = messages_of(example)
    return Example(messages=[*before, Assistant(content=text_of(answer.content)[rng.randrange(3, 9) :])])


def _speed(way: Callable[[], int], size: int, copies: int) -> float:
    started = time.process_time()
    found = way()
    took = time.process_time() - started
    assert found >= 2 * copies * 0.9, found
    return size / took


def _ours(examples: Sequence[Numbered]) -> int:
    look = Duplicates(threshold=_THRESHOLD)
    pieces = [look.observe(examples[begin : begin + _PIECE]) for begin in range(0, len(examples), _PIECE)]
    near = look.conclude(pieces).figures["near_duplicates"]
    return int(near["examples"])


def _tokens(texts: Sequence[str]) -> list[list[bytes]]:
    encoded = [text.encode() for text in texts]
    return [[text[begin : begin + _SHINGLE] for begin in range(len(text) - _SHINGLE + 1)] for text in encoded]


def _library(tokens: list[list[bytes]]) -> int:
    matrix = _digests(tokens)
    lsh = RMinHashLSH(_THRESHOLD, PERMUTATIONS, BANDS)
    return sum(lsh.query_duplicate_flags_matrix_one_shot(matrix))


def _digests(tokens: list[list[bytes]]) -> RMinHashDigestMatrix:
    return RMinHash.digest_matrix_from_token_byte_sets(tokens, PERMUTATIONS, SEED)
