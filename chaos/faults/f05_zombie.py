"""5. SIGSTOP for three leases, then SIGCONT: what the thawed zombie writes and sends is refused."""

import time
from random import Random

from chaos import truth
from chaos.faults.dying import HEAD_START, ZOMBIE, freeze_at
from chaos.flavour import Flavour
from chaos.load import Load, Plan
from chaos.patience import until
from chaos.table import Act, fault
from chaos.world import World
from crash_points import CrashPoint

# Long enough for a second platform job to be noticed and cancelled before it ends.
LONG_JOBS = Flavour(job_seconds=12)
HOURS = Flavour(job_seconds=50)
LONGEST = 300.0
POINTS = (
    CrashPoint.CLAIMED,
    CrashPoint.UPLOAD_ANSWERED,
    CrashPoint.SUBMIT_ANSWERED,
    CrashPoint.POLL_ANSWERED,
    CrashPoint.DELIVERY_SENT,
)


def _at(point: CrashPoint) -> Act:
    def act(world: World, rng: Random, _load: Load) -> None:
        freeze_at(world, rng, point)

    return act


for _point in POINTS:
    fault(5, f"frozen-{_point}")(_at(_point))
fault(5, "frozen-submit", flavour=LONG_JOBS, plan=Plan(jobs=4))(_at(CrashPoint.SUBMIT_INTENDED))


@fault(5, "frozen-submit-taken-over", flavour=HOURS, plan=Plan(jobs=2, spread=0.2), show=True)
def submit_taken_over(world: World, rng: Random, load: Load) -> None:
    """Frozen before its create leaves, thawed once another has looked twice and sent its own."""
    time.sleep(rng.uniform(0, HEAD_START))
    world.order(CrashPoint.SUBMIT_INTENDED, "freeze")
    zombie = world.taken(CrashPoint.SUBMIT_INTENDED)
    until(lambda: _submitted(world, load) == load.plan.jobs, "not everything was submitted", LONGEST)
    world.thaw(zombie)


def _submitted(world: World, load: Load) -> int:
    rows = world.truth.rows(truth.JOBS, truth.of_run(load.run))
    return sum(1 for row in rows if row["platform_job_id"] is not None)


@fault(5, "frozen-any-moment")
def any_moment(world: World, rng: Random, _load: Load) -> None:
    """Whatever it is doing."""
    time.sleep(rng.uniform(0, 1.5))
    victim = rng.choice(world.workers)
    world.freeze(victim)
    time.sleep(world.pace.scaled(ZOMBIE))
    world.thaw(victim)
