"""Which of many signatures are alike, without comparing each with each.

Signatures are cut into bands; two that agree in a whole band are candidates, and candidates are compared.
With 16 bands of 8 of 128 permutations a pair of similarity 0.8 meets in a band with probability 0.95, one
of 0.9 nearly always, one of 0.5 in 6 of 100 cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

from domain.training_data.quality.signatures import BYTES_PER_PERMUTATION, similarity

# Of what falls into one band, so many that are unlike each other stand for the rest.
_KEPT_PER_BAND: Final = 4
# About ten seconds of comparing: reached only where very many texts are alike, but not alike enough.
MOST_COMPARISONS: Final = 2_000_000


@dataclass(slots=True)
class Groups:
    """Unites what is alike; `complete` is false if there was too much to compare."""

    parents: list[int]
    complete: bool = True
    comparisons: int = field(default=0, repr=False)

    def root(self, index: int) -> int:
        """Return the first of the group that this one is in."""
        parents = self.parents
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    def unite(self, one: int, other: int) -> None:
        """Make one group of two."""
        low, high = sorted((self.root(one), self.root(other)))
        self.parents[high] = low

    def members(self) -> list[list[int]]:
        """Return the groups of two and more, each in order, by their first."""
        by_root = sorted((self.root(index), index) for index in range(len(self.parents)))
        groups = ([index for _, index in group] for _, group in groupby(by_root, key=lambda pair: pair[0]))
        return [group for group in groups if len(group) > 1]


def alike(signatures: bytes, permutations: int, *, bands: int, threshold: float) -> Groups:
    """Return groups of texts whose signatures agree in at least `threshold` (0 to 1) of the permutations.

    Args:
        signatures: One after the other, `2 * permutations` bytes each.
        permutations: In each signature; a multiple of `bands`.
        bands: How many pieces each is cut into to find candidates.
        threshold: The estimated Jaccard similarity from which two are alike.
    """
    numbers = memoryview(signatures).cast("H")
    groups = Groups(list(range(len(numbers) // permutations)))
    for bucket, index in _meetings(signatures, permutations, bands):
        if not _joins(groups, numbers, permutations, bucket, index, threshold):
            bucket.append(index)
        if groups.comparisons >= MOST_COMPARISONS:
            groups.complete = False
            break
    return groups


def _meetings(signatures: bytes, permutations: int, bands: int) -> Iterator[tuple[list[int], int]]:
    """Yield those met before in a band, and who meets them; whoever asks may add to the list."""
    step, width = permutations * BYTES_PER_PERMUTATION, permutations // bands * BYTES_PER_PERMUTATION
    for band in range(0, step, width):
        first: dict[bytes, int] = {}
        met: dict[bytes, list[int]] = {}
        for index, begin in enumerate(range(band, len(signatures), step)):
            key = signatures[begin : begin + width]
            earlier = first.setdefault(key, index)
            if earlier != index:
                yield met.setdefault(key, [earlier]), index


def _joins(
    groups: Groups, numbers: "memoryview[int]", size: int, bucket: list[int], index: int, threshold: float
) -> bool:
    """Unite with the first of the bucket that is alike; tell whether the bucket needs this one no more."""
    own = numbers[index * size : (index + 1) * size]
    for earlier in bucket:
        if groups.root(earlier) == groups.root(index):
            return True
        groups.comparisons += 1
        if similarity(numbers[earlier * size : (earlier + 1) * size], own) >= threshold:
            groups.unite(earlier, index)
            return True
    return len(bucket) >= _KEPT_PER_BAND
