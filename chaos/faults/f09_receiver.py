"""9. The receiver of webhooks: down, slow, redirecting, endless, gone, limiting."""

import time
from random import Random

from chaos.load import Load
from chaos.patience import until, until_rest
from chaos.receiver import Manner
from chaos.table import fault
from chaos.world import World

HOUR = 3600.0


def _everywhere(load: Load) -> str:
    return f"/{load.run}/*"


def _until_tried(world: World, load: Load, seconds: float = 30.0) -> None:
    """Wait until something was tried at all: the manner is what the first try meets."""
    until(lambda: bool(world.receiver.told(f"/{load.run}/")), "no webhook was tried", seconds)


@fault(9, "receiver-down")
def down(world: World, rng: Random, _load: Load) -> None:
    """Nothing listens: an hour at the real pace, here for a good part of the schedule."""
    world.to_receiver.refuse()
    time.sleep(HOUR if world.flavour.real else rng.uniform(2, 6))


@fault(9, "receiver-slow", soaks=False)
def slow(world: World, rng: Random, load: Load) -> None:
    """Answers come just within the time-out (14.9 s) for some and just after it (15.1 s) for others."""
    limit = world.pace.webhook_timeout
    margin = 0.1 if world.flavour.real else limit / 10
    for _ in range(load.plan.jobs):
        late = rng.choice((limit - margin, limit + margin))
        world.receiver.behave(_everywhere(load), Manner(seconds=late, times=1))
    load.accepted(load.plan.jobs)
    _until_tried(world, load)
    until_rest(world, load)


@fault(9, "receiver-redirects")
def redirects(world: World, rng: Random, load: Load) -> None:
    """Answers lead to private addresses: they are failures, and nothing is sent there."""
    target = rng.choice(("http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://[::1]/"))
    status = rng.choice((301, 302, 307, 308))
    manner = Manner(status=status, headers={"location": target}, times=load.plan.jobs)
    world.receiver.behave(_everywhere(load), manner)
    load.accepted(load.plan.jobs)
    _until_tried(world, load)


@fault(9, "receiver-endless", soaks=False)
def endless(world: World, _rng: Random, load: Load) -> None:
    """Bodies that never end: 16 kB are read, and a 2xx counts."""
    world.receiver.behave(_everywhere(load), Manner(status=200, endless=True, times=load.plan.jobs))
    load.accepted(load.plan.jobs)
    _until_tried(world, load)
    until_rest(world, load)


@fault(9, "receiver-429")
def limits(world: World, rng: Random, load: Load) -> None:
    """429 with a time to come back, which puts a try off and loses none."""
    headers = {"retry-after": rng.choice(("1", "2", "-5", "nonsense", "Fri, 31 Dec 1999 23:59:59 GMT"))}
    world.receiver.behave(
        _everywhere(load), Manner(status=429, headers=headers, times=rng.randint(2, load.plan.jobs))
    )
    load.accepted(load.plan.jobs)
    _until_tried(world, load)


@fault(9, "receiver-500")
def breaks(world: World, rng: Random, load: Load) -> None:
    """500 again and again, until the breaker opens."""
    world.receiver.behave(_everywhere(load), Manner(status=500, times=rng.randint(3, 8)))
    load.accepted(load.plan.jobs)
    _until_tried(world, load)


@fault(9, "receiver-gone", soaks=False)
def gone(world: World, rng: Random, load: Load) -> None:
    """410: the endpoint is disabled, what waits for it stands in the log as exhausted, nothing is silent."""
    tenant = rng.choice(world.tenants)
    world.receiver.behave(load.path(tenant), Manner(status=410))
    load.accepted(load.plan.jobs)
    _until_tried(world, load)
    until_rest(world, load)
