"""Ids in order of time: microseconds in hex, so that `after` is a position, and a seeded tail."""

from collections.abc import Callable
from hashlib import blake2b


def hashed(*parts: object) -> int:
    """A number of 64 bits that depends on nothing but the parts."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest())


def share(*parts: object) -> float:
    """A number in 0..1 that depends on nothing but the parts."""
    return hashed(*parts) / 2**64


class Mint:
    """Makes ids, each greater than the one before, whatever the clock does."""

    def __init__(self, clock: Callable[[], float], seed: int) -> None:
        self._clock, self._seed, self._last = clock, seed, 0

    def __call__(self, prefix: str) -> str:
        """Return a new id."""
        self._last = max(self._last + 1, int(self._clock() * 1_000_000))
        return f"{prefix}{self._last:013x}{hashed(self._seed, self._last):016x}"

    def skip(self, id_: str) -> None:
        """Never make an id that sorts before this one, which an earlier run made."""
        self._last = max(self._last, int(id_.rpartition("-")[2][:13], 16))
