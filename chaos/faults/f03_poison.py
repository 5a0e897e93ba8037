"""3. kill -9 five times on one row: that one ends as `worker_crash_loop`, the others go on."""

import contextlib
import time
from collections.abc import Callable
from random import Random

from chaos.load import Load, Plan
from chaos.proxy import Harm, Trap
from chaos.stand_in import HarnessError
from chaos.table import fault
from chaos.world import World

DEADLY = "deadly"
"""What its file is called; on the platform something stands behind the name."""
LONGEST = 900.0
DEATHS = 5


@fault(3, "deadly-job", plan=Plan(jobs=8, spread=10), rest_within=90)
def deadly_job(world: World, rng: Random, load: Load) -> None:
    """A file whose upload kills the worker each time."""
    tenant = rng.choice(world.tenants)
    trap = Trap(f'filename="{DEADLY}.'.encode(), Harm.HOLD, times=0, call=lambda port: _kill(world, port))
    world.to_platform.trap(trap)
    ask = load.add(tenant, file_id=load.upload(tenant, name=f"{DEADLY}.jsonl"))
    ask.ends = {"failed"}
    _revive_until(world, lambda: _ended(world, ask.job_ids))
    if trap.count < DEATHS:
        raise HarnessError(f"the deadly upload came by {trap.count} times")
    (row,) = world.truth.rows("SELECT error_code FROM jobs WHERE id = ANY($1)", list(ask.job_ids))
    if row["error_code"] != "worker_crash_loop":
        load.seen_broken.append(f"the deadly job ended as {row['error_code']}")


def _kill(world: World, port: int) -> None:
    with contextlib.suppress(HarnessError):  # it died of something else in the meantime
        world.kill(world.owner(port))


def _revive_until(world: World, done: Callable[[], bool]) -> None:
    give_up = time.monotonic() + world.pace.scaled(LONGEST)
    while not done() and time.monotonic() < give_up:
        world.revive()
        time.sleep(0.2)


def _ended(world: World, job_ids: set[str]) -> bool:
    found = world.truth.rows("SELECT 1 FROM jobs WHERE id = ANY($1) AND finished_at IS NULL", list(job_ids))
    return not found
