"""1. kill -9 the api, before and after the commit, with a file half kept, and at any moment."""

import threading
import time
from random import Random

from chaos.faults.dying import RESTART, die_at, revive_after
from chaos.load import Load, Plan
from chaos.table import fault
from chaos.world import World
from crash_points import CrashPoint

TWICE = Plan(jobs=10, spread=3)


@fault(1, "api-before-commit", plan=TWICE)
def before_commit(world: World, rng: Random, _load: Load) -> None:
    """The job is written and not committed: nobody may find it, its client tries again."""
    die_at(world, rng, CrashPoint.CREATE_WRITTEN, times=2)


@fault(1, "api-after-commit", plan=TWICE)
def after_commit(world: World, rng: Random, _load: Load) -> None:
    """The job is kept and its client does not know: trying again must not make a second one."""
    die_at(world, rng, CrashPoint.CREATE_COMMITTED, times=2)


@fault(1, "api-any-moment", plan=TWICE)
def any_moment(world: World, rng: Random, _load: Load) -> None:
    """Whatever it is doing."""
    for _ in range(2):
        time.sleep(rng.uniform(0, 1.0))
        world.kill(world.api)
        time.sleep(rng.uniform(0, RESTART))
        world.revive()


@fault(1, "api-file-stored")
def file_stored(world: World, rng: Random, load: Load) -> None:
    """The bytes lie in the store and their row is not written: the client uploads the file again."""
    uploading = threading.Thread(target=load.upload, args=[rng.choice(world.tenants), 200_000])
    world.order(CrashPoint.FILE_STORED)
    uploading.start()
    revive_after(world, rng, CrashPoint.FILE_STORED)
    uploading.join()
