"""4. SIGTERM in every stage: a clean end in time, claims handed back, and no attempt used up."""

import signal
import time
from functools import partial
from random import Random
from typing import Final

from chaos import truth
from chaos.flavour import Flavour
from chaos.load import Load, Plan
from chaos.patience import submitted, until
from chaos.proxy import Harm, Proxy, Trap
from chaos.stand_in import HarnessError
from chaos.table import Act, fault
from chaos.world import World
from embedded.process import SupervisedProcess

GONE_WITHIN: Final = 25.0
"""Real seconds from SIGTERM to the end of the process."""
MARGIN: Final = 5.0
"""Seconds that a busy machine may add to a scaled grace."""
SLOW: Final = 0.3
"""Seconds by which each piece is late, so that the call is still under way."""
PLATFORM: Final = {
    "upload": b"POST /v1/files",
    "submit": b"POST /v1/fine_tuning/jobs HTTP",
    "poll": b"GET /v1/fine_tuning/jobs/",
    "collect": b"/events?",
}
_CRASHED = "SELECT id, crashes FROM jobs WHERE metadata @> $1::jsonb AND crashes > 0"


def _terminated(stage: str, words: bytes) -> Act:
    def act(world: World, _rng: Random, load: Load) -> None:
        world.to_platform.slow(SLOW)
        _terminate_at(world, load, world.to_platform, words, stage)

    return act


for _stage, _words in PLATFORM.items():
    fault(4, f"terminated-{_stage}", plan=Plan(jobs=6))(_terminated(_stage, _words))


@fault(4, "terminated-list", plan=Plan(jobs=6))
def reconciling(world: World, _rng: Random, load: Load) -> None:
    """While it finds out what became of a create."""
    world.platform.fault("cut_after_accept", times=3)
    world.to_platform.slow(SLOW)
    _terminate_at(world, load, world.to_platform, b"GET /v1/fine_tuning/jobs?", "list")


@fault(4, "terminated-cancel", flavour=Flavour(job_seconds=4), plan=Plan(jobs=6))
def cancelling(world: World, _rng: Random, load: Load) -> None:
    """While the platform is asked to stop a job."""
    world.to_platform.slow(SLOW)
    trap = world.to_platform.trap(Trap(b"/cancel HTTP", Harm.HOLD))
    for ask in load.accepted(load.plan.jobs):
        until(partial(submitted, world, load, ask), f"job {ask.number} was not submitted")
        load.cancel(ask)
    if not trap.wait(20):
        raise HarnessError("no cancel reached the platform")
    for worker in world.workers:
        _terminate(world, load, worker, "cancel")


@fault(4, "terminated-deliver", plan=Plan(jobs=6))
def delivering(world: World, _rng: Random, load: Load) -> None:
    """While a receiver takes its time."""
    world.to_receiver.slow(SLOW)
    _terminate_at(world, load, world.to_receiver, b"POST /", "deliver")


@fault(4, "terminated-api", plan=Plan(jobs=20, spread=2, clients=8))
def api(world: World, rng: Random, load: Load) -> None:
    """The api, in the middle of creates, three times."""
    for _ in range(3):
        time.sleep(rng.uniform(0.1, 0.6))
        _terminate(world, load, world.api, "create")
        world.revive()


@fault(4, "terminated-any-moment")
def any_moment(world: World, rng: Random, load: Load) -> None:
    """Whatever they are doing, both workers, one after the other."""
    for worker in world.workers:
        time.sleep(rng.uniform(0, 1))
        _terminate(world, load, worker, "any moment")
        worker.start()


@fault(4, "terminated-without-postgres")
def without_postgres(world: World, rng: Random, load: Load) -> None:
    """With the database gone silent: nothing can be handed back, and it ends in time all the same."""
    time.sleep(rng.uniform(0.2, 1))
    world.to_postgres.hole()
    _terminate(world, load, world.workers[0], "without Postgres", clean=False)


def _terminate_at(world: World, load: Load, path: Proxy, words: bytes, stage: str) -> None:
    """Terminate whoever sends these words, while the answer is on its way."""
    found: list[SupervisedProcess] = []
    trap = path.trap(Trap(words, Harm.HOLD, call=lambda port: found.append(world.owner(port))))
    if not trap.wait(20):
        raise HarnessError(f"nobody came to {stage}")
    path.slow(SLOW)
    give_up = time.monotonic() + 5
    while not found and time.monotonic() < give_up:
        time.sleep(0.01)
    if not found:
        raise HarnessError(f"whoever came to {stage} cannot be told")
    _terminate(world, load, found[0], stage)


def _terminate(
    world: World, load: Load, process: SupervisedProcess, stage: str, *, clean: bool = True
) -> None:
    """Send SIGTERM and note what was not as promised."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    patience = world.pace.scaled(GONE_WITHIN) + MARGIN
    while process.running and time.monotonic() < begun + patience:
        time.sleep(0.02)
    if process.running:
        load.seen_broken.append(f"{process.name} lives {patience:.1f} s after SIGTERM at {stage}")
        return
    if process.returncode != 0:
        load.seen_broken.append(f"{process.name} ended with {process.returncode} after SIGTERM at {stage}")
    if clean and not load.is_part:  # else another fault may have crashed them
        _look_for_crashes(world, load, stage)


def _look_for_crashes(world: World, load: Load, stage: str) -> None:
    """A claim that was not handed back is charged as a crash once another takes the row."""
    give_up = time.monotonic() + world.pace.lease + 2 * world.pace.sweep
    while time.monotonic() < give_up:
        crashed = world.truth.rows(_CRASHED, truth.of_run(load.run))
        if crashed:
            load.seen_broken.extend(f"{row['id']} was charged with a crash after {stage}" for row in crashed)
            return
        time.sleep(0.05)
