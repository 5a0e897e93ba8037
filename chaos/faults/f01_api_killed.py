"""1. kill -9 the api, before and after the commit, and at any moment."""

import time
from random import Random

from chaos.load import Load
from chaos.table import fault
from chaos.world import World
from crash_points import CrashPoint


def _dies_at(world: World, rng: Random, point: CrashPoint) -> None:
    """Kill the api at a point, twice, and start it again after a moment."""
    for _ in range(2):
        time.sleep(rng.uniform(0, 0.5))
        world.order(point)
        world.taken(point)
        time.sleep(rng.uniform(0, 0.5))
        world.await_death(world.api)
        world.revive()


@fault(1, "api-before-commit")
def before_commit(world: World, rng: Random, _load: Load) -> None:
    """The job is written and not committed: nobody may find it, its client tries again."""
    _dies_at(world, rng, CrashPoint.CREATE_WRITTEN)


@fault(1, "api-after-commit")
def after_commit(world: World, rng: Random, _load: Load) -> None:
    """The job is kept and its client does not know: trying again must not make a second one."""
    _dies_at(world, rng, CrashPoint.CREATE_COMMITTED)
