"""12. Two workers, two schedulers, two versions at once: whoever comes first, and only one."""

import tempfile
from pathlib import Path
from random import Random
from typing import Final

from chaos import old_version
from chaos.flavour import Flavour
from chaos.load import Load, Plan
from chaos.patience import until_rest
from chaos.table import fault
from chaos.world import World

MANY: Final = Flavour(workers=4)


def _needed() -> str | None:
    return None if old_version.available() else old_version.MISSING


@fault(12, "four-workers", flavour=MANY, plan=Plan(jobs=24, spread=1, clients=8))
def four_workers(world: World, rng: Random, _load: Load) -> None:
    """Four workers, each with its own sweeps, over the same rows; some answers are lost on top."""
    world.platform.fault("cut_after_accept", times=rng.randint(1, 4))


@fault(12, "two-versions", needs=_needed, plan=Plan(jobs=12, spread=4), soaks=False)
def two_versions(world: World, rng: Random, load: Load) -> None:
    """The version before works beside this one, then this one alone."""
    worker = rng.choice(world.workers)
    before = worker.environment
    with tempfile.TemporaryDirectory(prefix="tuneward-before-") as folder:
        old = old_version.worker_of_the_version_before(Path(folder))
        worker.terminate()
        worker.environment = {**(before or {}), **old.environment}
        try:
            worker.start()
            world.platform.fault("cut_after_accept", times=2)
            load.accepted(load.plan.jobs)
            until_rest(world, load)
        finally:
            worker.terminate()
            worker.environment = before
            worker.start()
