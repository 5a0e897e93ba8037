"""12. Two workers, two schedulers, two versions at once: whoever comes first, and only one."""

import io
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

from chaos.flavour import Flavour
from chaos.load import Load, Plan
from chaos.patience import until_rest
from chaos.table import fault
from chaos.world import World

BEFORE: Final = "43277b5"
"""The version before this one: its worker has to work beside ours on our schema, as during an upgrade."""
MANY: Final = Flavour(workers=4)
_ROOT = Path(__file__).parents[2]


def _needed() -> str | None:
    return None if _archive() else f"the version before, {BEFORE}, is not in this copy's history"


@cache
def _archive() -> bytes:
    """Return the sources of the version before, empty if they cannot be had."""
    try:
        done = subprocess.run(["git", "archive", BEFORE], cwd=_ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        return b""
    return done.stdout if done.returncode == 0 else b""


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
        with tarfile.open(fileobj=io.BytesIO(_archive())) as sources:
            sources.extractall(folder, filter="data")
        worker.terminate()
        worker.environment = {**(before or {}), "PYTHONPATH": folder}
        try:
            worker.start()
            world.platform.fault("cut_after_accept", times=2)
            load.accepted(load.plan.jobs)
            until_rest(world, load)
        finally:
            worker.terminate()
            worker.environment = before
            worker.start()
