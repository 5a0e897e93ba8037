"""Pieces that are made one on the way come to what they come to by themselves."""

import json
from collections.abc import Sequence
from typing import Any

from domain.training_data.examination import Examined, Observed, Pieces
from examining import gathering, looking
from examining.gathering import Gathering
from examining.looking import Kept, Wanted
from examining.pool import Pool

KINDS = ("order", "invoice", "parcel", "refund", "address")


class Here(Pool):
    """Does the work in this process."""

    condensed = 0

    async def conclude(self, observed: Sequence[Observed]) -> Examined:
        return looking.conclude(observed)

    async def condense(self, observed: Sequence[Observed]) -> dict[str, Any]:
        self.condensed += 1
        return looking.condense(observed)

    async def keep(self, observed: Sequence[Observed]) -> Kept:
        return looking.keep(observed)


def content(examples: int) -> bytes:
    return b"".join(
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": f"Where is my {KINDS[n % 5]} number {n % 300}?"},
                    {"role": "assistant", "content": f"The {KINDS[n % 5]} left our house on day {n}."},
                ]
            }
        ).encode()
        + b"\n"
        for n in range(examples)
    )


async def gathered() -> tuple[Gathering, Here]:
    pool = Here()
    seen, pieces = Gathering(pool), Pieces(size=1_000)
    whole = content(400)
    for begin in range(0, len(whole), 500):
        piece = pieces.feed(whole[begin : begin + 500])
        if piece is not None:
            await seen.add(looking.observe(piece, Wanted(kind="chat")))
    return seen, pool


async def test_condensed_pieces_conclude_to_the_same(monkeypatch: Any) -> None:
    plain, pool = await gathered()
    monkeypatch.setattr(gathering, "PIECES_HELD", 7)
    condensed, often = await gathered()
    assert pool.condensed <= 1
    assert often.condensed > 3
    assert await condensed.conclude() == await plain.conclude()
    assert await condensed.keep() == await plain.keep()
    kept = sum(len(seen) for seen in condensed._pieces)
    assert kept < sum(len(seen) for seen in plain._pieces)
