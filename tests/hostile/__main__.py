"""`python -m tests.hostile [ROUNDS] [PART OF A NAME]`: the corpus against an api of its own, and the figures.

Beside the corpus it sends one line of 200 MB, whose like in the suite is 100 kB.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from embedded.postgres import Postgres
from migrations.upgrade import upgrade_to_head

from .barrage import besiege
from .corpus import corpus
from .long_line import send_long_line
from .world import inhabited, serving

WARM_UP = 4
"""Rounds after which the allocator has as much as it ever takes."""


async def _run(folder: Path, database_url: str, rounds: int, part: str) -> int:
    with serving(folder, database_url) as api:
        async with inhabited(api) as world:
            cases = [case for case in corpus(world.operations) if part in case.name]
            siege = await besiege(api, world, cases, rounds=rounds, warm_up=cases * WARM_UP)
    print("\n".join(sorted(siege.outcome.wrong)))
    print(siege.summary)
    if not part:
        print(await send_long_line(folder, database_url))
    return 1 if siege.outcome.wrong or siege.files_left or siege.open_files_left else 0


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    part = " ".join(sys.argv[2:])
    with tempfile.TemporaryDirectory(prefix="tuneward-hostile-", ignore_cleanup_errors=True) as name:
        postgres = Postgres(Path(name) / "postgres", durable=False)
        postgres.start()
        try:
            upgrade_to_head(postgres.url)
            return asyncio.run(_run(Path(name), postgres.url, rounds, part))
        finally:
            postgres.stop()


if __name__ == "__main__":
    sys.exit(main())
