"""7. Postgres restarted, away, out of connections, and commits whose word is lost."""

import asyncio
import signal
import time
from random import Random

import asyncpg

from chaos.load import Load, Plan
from chaos.proxy import Harm, Trap
from chaos.table import Act, fault
from chaos.world import World
from embedded.postgres import MAX_CONNECTIONS

DOWN = 60.0
SLOW = 0.2
"""Seconds by which each piece comes later, there and back: a transaction then takes a second or two."""
AT_ONCE = 20
COMMIT = b"COMMIT;"


def _restart(number: signal.Signals, down: float) -> Act:
    def act(world: World, rng: Random, _load: Load) -> None:
        time.sleep(rng.uniform(0, 1.5))
        world.stop_postgres(number)
        time.sleep(world.pace.scaled(down))
        world.stack.postgres.start()

    return act


fault(7, "postgres-restart-fast")(_restart(signal.SIGINT, 0))
fault(7, "postgres-restart-immediate")(_restart(signal.SIGQUIT, 0))
fault(7, "postgres-down")(_restart(signal.SIGINT, DOWN))


@fault(7, "postgres-commit-unheard")
def commit_unheard(world: World, rng: Random, _load: Load) -> None:
    """A commit succeeds, and whoever sent it sees a broken connection; some twenty times."""
    for _ in range(20):
        time.sleep(rng.uniform(0, 0.15))
        world.to_postgres.trap(Trap(COMMIT, Harm.SWALLOW))


@fault(7, "postgres-commit-cut")
def commit_cut(world: World, rng: Random, _load: Load) -> None:
    """A commit never arrives, and whoever sent it sees the same broken connection."""
    for _ in range(20):
        time.sleep(rng.uniform(0, 0.15))
        world.to_postgres.trap(Trap(COMMIT, Harm.CUT))


@fault(7, "postgres-silent")
def silent(world: World, rng: Random, _load: Load) -> None:
    """Connections open, and nothing is answered, for a minute."""
    time.sleep(rng.uniform(0, 1))
    world.to_postgres.hole()
    time.sleep(world.pace.scaled(DOWN))


@fault(7, "postgres-cut-storm")
def cut_storm(world: World, rng: Random, _load: Load) -> None:
    """All connections are reset, again and again."""
    for _ in range(12):
        time.sleep(rng.uniform(0, 0.3))
        world.to_postgres.cut()


@fault(7, "postgres-slow-pool-exhausted", plan=Plan(jobs=60, spread=1, clients=30))
def slow(world: World, rng: Random, _load: Load) -> None:
    """Every statement takes so long that the pools run out of connections."""
    time.sleep(rng.uniform(0, 0.3))
    world.to_postgres.slow(SLOW)
    time.sleep(world.pace.scaled(DOWN))


@fault(7, "postgres-no-connections-left")
def none_left(world: World, rng: Random, _load: Load) -> None:
    """Others hold every connection that the server has."""
    time.sleep(rng.uniform(0, 0.5))
    held = world.background.run(_take(world, MAX_CONNECTIONS))
    try:
        world.to_postgres.cut()
        held += world.background.run(_take(world, MAX_CONNECTIONS - len(held)))
        time.sleep(world.pace.scaled(DOWN))
    finally:
        world.background.run(_give_back(held))


async def _take(world: World, count: int) -> list[asyncpg.Connection]:
    """Open so many connections, or as many as the server has left."""
    held: list[asyncpg.Connection] = []
    while len(held) < count:
        wanted = [asyncpg.connect(world.stack.database_url) for _ in range(min(count - len(held), AT_ONCE))]
        got = await asyncio.gather(*wanted, return_exceptions=True)
        held += [connection for connection in got if isinstance(connection, asyncpg.Connection)]
        if any(isinstance(refused, BaseException) for refused in got):
            break
    return held


async def _give_back(held: list[asyncpg.Connection]) -> None:
    for connection in held:
        connection.terminate()
