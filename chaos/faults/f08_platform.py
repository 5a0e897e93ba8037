"""8. The platform: errors, limits, refused keys, lost and unreadable answers, late lists, endless bodies.

Most of what is ordered here carries the create out, so that a second one would be a second bill.
"""

import time
from random import Random
from typing import Final

from chaos.flavour import Flavour
from chaos.load import Load, Plan
from chaos.patience import until_rest
from chaos.table import fault
from chaos.world import World

LOOKS: Final = ("retrieve", "list")
SLOW: Final = Flavour(extra=(("TUNEWARD_XPULINK_TIMEOUT", "1s"),))
"""A platform that may take a second: what is slow is given up while the run lasts."""
OUTAGE: Final = 600.0
PARKED: Final = 90.0
"""A refused key is tried again once a minute, whatever the pace of the world."""


def _spoil(world: World, rng: Random, load: Load, name: str, **terms: object) -> None:
    """Order a fault for three creates, at moments of the load's."""
    for _ in range(3):
        world.platform.fault(name, **terms)
        time.sleep(rng.uniform(0, load.plan.spread / 3))
    load.accepted(load.plan.jobs)


def _while_it_lasts(world: World, seconds: float, name: str, **terms: object) -> None:
    """Have a fault happen to every call for so long."""
    world.platform.fault(name, times=0, **terms)
    time.sleep(seconds)
    world.platform.forget_faults()


@fault(8, "platform-500s", rest_within=PARKED)
def server_errors(world: World, rng: Random, load: Load) -> None:
    """Every call answers 500: ten minutes at the real pace."""
    time.sleep(rng.uniform(0, load.plan.spread))
    _while_it_lasts(world, world.pace.scaled(OUTAGE) / 4, "server_error", route="any")


@fault(8, "platform-429", rest_within=PARKED)
def rate_limited(world: World, rng: Random, load: Load) -> None:
    """429 with the time to come back: no attempt is used up."""
    _spoil(world, rng, load, "rate_limited", retry_after=round(rng.uniform(0.2, 2), 1))


@fault(8, "platform-429-silent", rest_within=PARKED)
def rate_limited_silently(world: World, rng: Random, load: Load) -> None:
    """429 without a word about when to come back."""
    world.platform.fault("rate_limited_silently")
    time.sleep(rng.uniform(0, load.plan.spread))
    load.accepted(load.plan.jobs)


@fault(8, "platform-401", rest_within=PARKED)
def key_refused(world: World, rng: Random, load: Load) -> None:
    """The key is refused in the middle, on every route, and taken again later."""
    time.sleep(rng.uniform(0, load.plan.spread))
    _while_it_lasts(world, rng.uniform(1, 3), "unauthorized", route="any")


@fault(8, "platform-cuts-creates")
def cut_after_accept(world: World, rng: Random, load: Load) -> None:
    """The create is accepted, and the socket cut before one byte of the answer."""
    _spoil(world, rng, load, "cut_after_accept")


@fault(8, "platform-cuts-creates-without-echo", flavour=Flavour(quirks=("no_echo",)))
def cut_without_echo(world: World, rng: Random, load: Load) -> None:
    """The same, where the platform never gave metadata back: a file of the job's own identifies it."""
    _spoil(world, rng, load, "cut_after_accept")


@fault(8, "platform-cuts-creates-and-lists-empty-metadata", flavour=Flavour(quirks=("empty_echo@list",)))
def cut_with_empty_echo(world: World, rng: Random, load: Load) -> None:
    """The same, where only the list shows metadata as empty: nobody's and everybody's."""
    _spoil(world, rng, load, "cut_after_accept")


@fault(8, "platform-cuts-creates-and-lists-no-file", flavour=Flavour(quirks=("training_file_missing@list",)))
def cut_without_file(world: World, rng: Random, load: Load) -> None:
    """The same, where the list does not show the file: only the marker tells."""
    _spoil(world, rng, load, "cut_after_accept")


@fault(8, "platform-cuts-uploads")
def cut_uploads(world: World, rng: Random, load: Load) -> None:
    """Uploads are accepted, and the socket cut: they are repeated, and no copy is left unknown."""
    _spoil(world, rng, load, "cut_after_accept", route="upload")


@fault(8, "platform-answers-html")
def html(world: World, rng: Random, load: Load) -> None:
    """The create is accepted; the answer is a web page under 200."""
    _spoil(world, rng, load, "html")


@fault(8, "platform-answers-half")
def truncated(world: World, rng: Random, load: Load) -> None:
    """The create is accepted; the answer's JSON stops in the middle."""
    _spoil(world, rng, load, "truncated")


@fault(8, "platform-answers-no-id")
def no_id(world: World, rng: Random, load: Load) -> None:
    """The create is accepted; the answer has no id."""
    _spoil(world, rng, load, "no_id")


@fault(8, "platform-answers-wrong-types")
def wrong_types(world: World, rng: Random, load: Load) -> None:
    """The create is accepted; every field of the answer is of another type, and so are some looks."""
    world.platform.fault("wrong_types", times=5, route=rng.choice(LOOKS))
    _spoil(world, rng, load, "wrong_types")


@fault(8, "platform-lists-late", soaks=False)
def listed_late(world: World, rng: Random, load: Load) -> None:
    """The answer is lost, and the job appears in the list 45 s late: within the settle time."""
    _spoil(world, rng, load, "cut_and_listed_late", seconds=world.pace.scaled(45))
    until_rest(world, load)


@fault(8, "platform-slow-head", flavour=SLOW)
def slow_head(world: World, rng: Random, load: Load) -> None:
    """The head of the answer comes byte by byte, longer than anybody waits."""
    world.platform.fault("slow_head", seconds=5, times=5, route=rng.choice(LOOKS))
    _spoil(world, rng, load, "slow_head", seconds=5)


@fault(8, "platform-drips", flavour=SLOW)
def drip(world: World, rng: Random, load: Load) -> None:
    """The body comes byte by byte: no time-out of a single read ever fires."""
    world.platform.fault("drip", seconds=0.5, times=5, route=rng.choice(LOOKS))
    _spoil(world, rng, load, "drip", seconds=0.5)


@fault(8, "platform-endless", flavour=SLOW)
def endless(world: World, rng: Random, load: Load) -> None:
    """The body never ends."""
    world.platform.fault("endless", times=5, route=rng.choice(LOOKS))
    _spoil(world, rng, load, "endless")


@fault(8, "platform-bomb", flavour=SLOW)
def bomb(world: World, rng: Random, load: Load) -> None:
    """50 kB that unpack to 50 MB, to a create and to looks."""
    world.platform.fault("bomb", times=5, route=rng.choice(LOOKS))
    _spoil(world, rng, load, "bomb")


@fault(8, "platform-dies")
def killed(world: World, rng: Random, load: Load) -> None:
    """The platform itself is killed and comes back with what it had accepted."""
    time.sleep(rng.uniform(0, load.plan.spread))
    world.kill(world.stack.simulator)
    time.sleep(rng.uniform(0.2, 1.5))
    world.stack.simulator.start()


@fault(8, "platform-away", plan=Plan(jobs=12))
def away(world: World, rng: Random, load: Load) -> None:
    """No connection can be made: certainly nothing was sent, so nothing is in doubt."""
    time.sleep(rng.uniform(0, load.plan.spread / 2))
    world.to_platform.refuse()
    time.sleep(rng.uniform(1, 3))
