"""What several faults do to a process: let it die or freeze at a point, and start or thaw it again."""

import time
from random import Random

from chaos.load import Load
from chaos.patience import rest
from chaos.world import World
from crash_points import CrashPoint

HEAD_START = 0.3
"""Seconds of load, at most, before an order is given: later, a short load might have passed the point."""
ZOMBIE = 90.0
"""Real seconds that a process stands still: three leases."""
RESTART = 1.0
"""Seconds, at most, until a supervisor starts again what died."""


def die_at(world: World, rng: Random, point: CrashPoint, *, times: int = 1) -> None:
    """Kill whoever reaches a point, and start it again after a moment."""
    for _ in range(times):
        time.sleep(rng.uniform(0, HEAD_START))
        world.order(point)
        revive_after(world, rng, point)


def revive_after(world: World, rng: Random, point: CrashPoint) -> None:
    """Wait until somebody died at a point, and start it again after a moment."""
    world.await_death(world.whose(world.taken(point)))
    time.sleep(rng.uniform(0, RESTART))
    world.revive()


def freeze_at(world: World, rng: Random, point: CrashPoint) -> None:
    """Freeze whoever reaches a point for long enough that others take its work over, then thaw it."""
    time.sleep(rng.uniform(0, HEAD_START))
    world.order(point, "freeze")
    zombie = world.taken(point)
    time.sleep(world.pace.scaled(ZOMBIE))
    world.thaw(zombie)


def must_rest(world: World, load: Load, seconds: float, while_: str) -> None:
    """Note a breach if the run does not come to rest while the fault still lasts."""
    load.finish()
    if rest(world, load.run, seconds) is None:
        load.seen_broken.append(f"not at rest after {seconds:g} s {while_}")
