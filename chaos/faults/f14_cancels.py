"""14. Cancels: before the submit, while its fate is unknown, after the success, all at once."""

import threading
import time
from random import Random
from typing import Final

from chaos.flavour import Flavour
from chaos.load import Load
from chaos.patience import demand, until_rest
from chaos.table import fault
from chaos.world import World

LONG: Final = Flavour(job_seconds=6)
"""Jobs that are still being trained when somebody changes their mind."""
TAKEN: Final = frozenset({200, 400, 409})
"""Cancelled, or refused with a reason: it has ended, or the platform has no way to."""


def _cancel_some(rng: Random, load: Load, share: float) -> None:
    for ask in load.accepted(load.plan.jobs):
        if rng.random() < share:
            time.sleep(rng.uniform(0, 0.1))
            demand(load.cancel(ask) in TAKEN, "a cancel got an answer that it may not get")


@fault(14, "cancel-before-submit")
def before_submit(world: World, rng: Random, load: Load) -> None:
    """The platform takes no connection yet: nothing was sent, and nothing will be."""
    world.to_platform.refuse()
    _cancel_some(rng, load, 0.6)


@fault(14, "cancel-during-ambiguity")
def during_ambiguity(world: World, rng: Random, load: Load) -> None:
    """Answers to creates are lost, then their jobs are cancelled: each is found first."""
    world.platform.fault("cut_after_accept", times=load.plan.jobs)
    _cancel_some(rng, load, 0.6)


@fault(14, "cancel-while-training", flavour=LONG)
def while_training(world: World, rng: Random, load: Load) -> None:
    """The platform is asked to stop, some of its answers are lost, and it has the last word."""
    world.platform.fault("cut_after_accept", times=2, route="cancel")
    _cancel_some(rng, load, 0.6)


@fault(14, "cancel-after-success", soaks=False)
def after_success(world: World, rng: Random, load: Load) -> None:
    """A success stays one."""
    load.accepted(load.plan.jobs)
    until_rest(world, load)
    for ask in rng.sample(load.asks, 3):
        status = load.cancel(ask)
        demand(status == 409, f"a cancel of a job that has ended got {status}")
        ask.ends.discard("cancelled")


@fault(14, "cancel-without-a-route", flavour=LONG)
def without_a_route(world: World, rng: Random, load: Load) -> None:
    """The platform has no way to cancel: 409, and the job goes on to its end."""
    world.platform.quirks("no_cancel")
    _cancel_some(rng, load, 0.5)
    until_rest(world, load)


@fault(14, "cancel-twice-at-once", flavour=LONG)
def twice_at_once(_world: World, rng: Random, load: Load) -> None:
    """Four clients cancel the same jobs in the same moment."""
    for ask in rng.sample(load.accepted(load.plan.jobs), 3):
        threads = [threading.Thread(target=load.cancel, args=[ask]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
