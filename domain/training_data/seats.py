"""Which examples go to the validation side: how many of each stratum, and which groups of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b


def choose(sizes: Counter[int], home: dict[int, int], share: float, wanted: int, seed: int) -> set[int]:
    """Return the groups to validate with: of each stratum as many examples as are due, `wanted` in all."""
    key = blake2b(str(seed).encode(), digest_size=32).digest()
    shuffled = sorted(
        sizes, key=lambda group: blake2b(group.to_bytes(8, "big"), digest_size=8, key=key).digest()
    )
    strata: dict[int, list[int]] = {at: [] for at in sorted(set(home.values()))}
    for group in shuffled:
        strata[home[group]].append(group)
    due = seats([sum(sizes[group] for group in groups) for groups in strata.values()], share, wanted)
    chosen: set[int] = set()
    for groups, room in zip(strata.values(), due, strict=True):
        chosen.update(_fitting(groups, sizes, room))
    # Where groups were too large for their stratum's share, others make up for it.
    left = [group for group in shuffled if group not in chosen]
    chosen.update(_fitting(left, sizes, wanted - sum(sizes[group] for group in chosen)))
    return _completed(chosen, [group for group in left if group not in chosen], sizes, wanted)


def _fitting(groups: Sequence[int], sizes: Counter[int], room: int) -> Iterator[int]:
    for group in groups:
        if sizes[group] <= room:
            room -= sizes[group]
            yield group


def _completed(chosen: set[int], left: list[int], sizes: Counter[int], wanted: int) -> set[int]:
    """Add the smallest group left if it brings the number nearer to `wanted`, or nothing is chosen."""
    missing = wanted - sum(sizes[group] for group in chosen)
    smallest = min(left, key=sizes.__getitem__)
    nearer = abs(sizes[smallest] - missing) < missing
    return chosen | {smallest} if len(left) > 1 and (nearer or not chosen) else chosen


def seats(sizes: Sequence[int], share: float, total: int) -> list[int]:
    """Distribute `total` seats over strata of these sizes, each as near to its share as can be.

    Every stratum of two or more gets one at least, the largest first if there are not enough; the rest goes
    by the largest remainder. No stratum gives all it has, unless it has one only and there is no other way.

    Returns:
        The seats of each stratum; they add up to `total`, which must be under the sum of the sizes.
    """
    order = sorted(range(len(sizes)), key=lambda at: (-sizes[at], at))
    given = [0] * len(sizes)
    for at in [at for at in order if sizes[at] > 1][:total]:
        given[at] = 1
    # By whole shares first, then one each by what is still owed.
    left = total - sum(given)
    for at in order:
        more = min(max(int(sizes[at] * share) - given[at], 0), left)
        given[at] += more
        left -= more
    while left:
        owed = sorted(order, key=lambda at: (given[at] - sizes[at] * share, -sizes[at], at))
        takers = [at for at in owed if given[at] < sizes[at] - 1] or [at for at in owed if not given[at]]
        for at in takers[:left]:
            given[at] += 1
        left -= min(left, len(takers))
    return given
