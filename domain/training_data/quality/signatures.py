"""MinHash signatures: how alike two texts are, told from 2 bytes for each permutation.

The shingles are the windows of eight bytes of the UTF-8 text: a word and a half of English, two to three
Chinese characters, so that one rule serves both and a mixture. Eight bytes are also a 64-bit number, which
the library takes as a token's hash: no shingle ever becomes a Python object. Of each permutation's minimum
16 of 32 bits are kept; two different ones agree in 1 of 65,536 cases, which does not matter beside the
estimate's own deviation (0.035 at 128 permutations and a similarity of 0.8).
"""

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import eq
from typing import Final

from domain.training_data.quality.turns import utf8

SEED: Final = 42
BYTES_PER_PERMUTATION: Final = 2
_SHINGLE: Final = 8
# What is held at once: eight times the text, and 4 KB of Python numbers for each text.
_BATCH_BYTES: Final = 1 << 20
_BATCH_TEXTS: Final = 512


def signatures(texts: Iterable[str], permutations: int, *, seed: int = SEED) -> bytes:
    """Return the signatures one after the other, `2 * permutations` bytes for each text."""
    return b"".join(_digest(batch, permutations, seed) for batch in _batches(map(utf8, texts)))


def similarity(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the estimated Jaccard similarity, 0 to 1, of two signatures as 16-bit numbers."""
    same: int = sum(map(eq, one, other))
    return same / len(one)


def _batches(texts: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_TEXTS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _digest(batch: list[bytes], permutations: int, seed: int) -> bytes:
    shingles, ends = bytearray(), array("Q", [0])
    for text in batch:
        whole = text.ljust(_SHINGLE, b"\0")
        size = len(whole)
        for begin in range(_SHINGLE):
            shingles += whole[begin : size - (size - begin) % _SHINGLE]
        ends.append(len(shingles) // _SHINGLE)
    hashes = memoryview(shingles).cast("Q")
    from rensa import RMinHash  # noqa: PLC0415 - who only compares signatures does without

    rows = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, permutations, seed).to_rows()
    return _low_halves(rows)


def _low_halves(rows: list[list[int]]) -> bytes:
    numbers = array("I")
    for row in rows:
        numbers.fromlist(row)
    halves = array("H", numbers.tobytes())
    return (halves[::2] if sys.byteorder == "little" else halves[1::2]).tobytes()
