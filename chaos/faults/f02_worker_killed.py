"""2. kill -9 the worker at each boundary of a job's life."""

import time
from functools import partial
from random import Random

from chaos.faults.dying import RESTART, die_at, must_rest, revive_after
from chaos.flavour import Flavour
from chaos.load import Load, Plan
from chaos.patience import rest, submitted
from chaos.proxy import Harm, Trap, wait_for
from chaos.stand_in import HarnessError
from chaos.table import Act, fault
from chaos.world import World
from crash_points import CrashPoint

UPLOAD = b"POST /v1/files"
CREATE = b"POST /v1/fine_tuning/jobs HTTP"
FILE_BYTES = 3 * 1024**2
KILLED_EVERY = 2.0
LONGEST_SHOW = 1200.0

POINTS = (
    CrashPoint.CLAIMED,
    CrashPoint.UPLOAD_BEGUN,
    CrashPoint.UPLOAD_ANSWERED,
    CrashPoint.SUBMIT_INTENDED,
    CrashPoint.SUBMIT_ANSWERED,
    CrashPoint.POLL_ANSWERED,
    CrashPoint.RESULTS_STORED,
    CrashPoint.DELIVERY_SENT,
)


def _at(point: CrashPoint) -> Act:
    def act(world: World, rng: Random, _load: Load) -> None:
        die_at(world, rng, point)

    return act


for _point in POINTS:
    fault(2, f"killed-{_point}")(_at(_point))


@fault(2, "killed-commit.sent")
def commit_sent(world: World, rng: Random, _load: Load) -> None:
    """Whoever committed something, three times over: nobody who waits for it knows."""
    die_at(world, rng, CrashPoint.COMMIT_SENT, times=3)


@fault(2, "killed-list.read")
def list_read(world: World, rng: Random, _load: Load) -> None:
    """While it finds out what became of a create whose answer was lost."""
    world.platform.fault("cut_after_accept", times=3)
    die_at(world, rng, CrashPoint.LIST_READ)


@fault(2, "killed-cancel.answered", flavour=Flavour(job_seconds=4), plan=Plan(jobs=6))
def cancel_answered(world: World, rng: Random, load: Load) -> None:
    """The platform took a cancel, and we do not know."""
    world.order(CrashPoint.CANCEL_ANSWERED)
    for ask in load.accepted(4)[:3]:
        wait_for(partial(submitted, world, load, ask), 20)
        load.cancel(ask)
    revive_after(world, rng, CrashPoint.CANCEL_ANSWERED)


def _on_the_way(words: bytes, harm: Harm, after: int) -> Act:
    def act(world: World, rng: Random, _load: Load) -> None:
        trap = Trap(words, harm, after=after, call=lambda port: world.kill(world.owner(port)))
        if not world.to_platform.trap(trap).wait(20):
            raise HarnessError(f"nothing with {words.decode()} came by")
        time.sleep(rng.uniform(0, RESTART))
        world.revive()

    return act


for _percent in (10, 50, 99):
    fault(2, f"killed-upload-{_percent}%", plan=Plan(jobs=6, file_bytes=FILE_BYTES))(
        _on_the_way(UPLOAD, Harm.HOLD, FILE_BYTES * _percent // 100)
    )
fault(2, "killed-create-sent")(_on_the_way(CREATE, Harm.SWALLOW, 0))


@fault(2, "killed-any-moment")
def any_moment(world: World, rng: Random, _load: Load) -> None:
    """Whatever it is doing, three times, the one or the other."""
    for _ in range(3):
        time.sleep(rng.uniform(0, 1.0))
        world.kill(rng.choice(world.workers))
        time.sleep(rng.uniform(0, RESTART))
        world.revive()


@fault(2, "killed-every-2s", flavour=Flavour(workers=1), plan=Plan(jobs=500, spread=20), show=True)
def every_two_seconds(world: World, _rng: Random, load: Load) -> None:
    """The only worker there is, every two seconds, until everything is done all the same."""
    (worker,) = world.workers
    give_up = time.monotonic() + LONGEST_SHOW
    kills = 0
    while not _done(world, load) and time.monotonic() < give_up:
        time.sleep(KILLED_EVERY)
        world.kill(worker)
        worker.start()
        kills += 1
    print(f"        the worker was killed {kills} times")
    must_rest(world, load, 1, f"although the worker was killed only every {KILLED_EVERY:g} s")


def _done(world: World, load: Load) -> bool:
    return all(ask.accepted or ask.refused for ask in load.asks) and rest(world, load.run, 0.01) is not None
