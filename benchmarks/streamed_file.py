"""`python -m benchmarks.streamed_file check|examine MB`: a file made on the fly, of which nothing is kept.

Prints `{"speed": MB/s, "peak": MB}`: of this process alone, which should do nothing else, so that the largest
resident size is that of an interpreter with this one thing in it.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from benchmarks.memory import MB, watched
from benchmarks.training_files import jsonl
from domain.training_data.structure import StructureCheck
from examining.gathering import Gathering
from examining.pool import CHUNK_BYTES, Pool, observe_all
from examining.wanted import Wanted

_UPLOAD_CHUNK: Final = 64 * 1024
_LONGEST_LINE: Final = 4 * 1024 * 1024


def check(size: int) -> None:
    """Check the structure of `size` MB, one after the other the same: no time goes into making them."""
    content = jsonl(MB)
    structure = StructureCheck(_LONGEST_LINE)
    for _ in range(size):
        for chunk in _chunks(content, _UPLOAD_CHUNK):
            structure.feed(chunk)
    found = structure.finish()
    assert found.usable, found.summary
    assert found.examples == size * content.count(b"\n"), found.examples


def examine(size: int) -> None:
    """Look at `size` MB as a worker does, every MB different, in a pool of processes."""
    asyncio.run(_examine(size))


async def _examine(size: int) -> None:
    pool = Pool()
    try:
        wanted = Wanted(kind="chat")
        gathering = Gathering(pool)
        async for piece in observe_all(pool, _made(size), lambda: wanted):
            await gathering.add(piece)
        examined = await gathering.conclude()
    finally:
        pool.close()
    assert examined.figures["tokens"]["total"] > size * MB / 10, examined.figures["tokens"]


async def _made(size: int) -> AsyncIterator[bytes]:
    for seed in range(size):
        for chunk in _chunks(jsonl(MB, seed=seed), CHUNK_BYTES):
            yield chunk


def _chunks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[begin : begin + size] for begin in range(0, len(content), size))


_WAYS: Final[dict[str, Callable[[int], None]]] = {"check": check, "examine": examine}


def main() -> None:
    """Do what the command line says."""
    way, size = _WAYS[sys.argv[1]], int(sys.argv[2])
    with watched(os.getpid()) as memory:
        started = time.perf_counter()
        way(size)
        took = time.perf_counter() - started
    print(json.dumps({"speed": size / took, "peak": memory.peak / MB}))


if __name__ == "__main__":
    main()
