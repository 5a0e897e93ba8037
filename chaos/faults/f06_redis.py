"""6. Redis flushed, down, gone for ever, hung, and its connections killed: nothing lost, a second later."""

import time
from random import Random

from chaos.faults.dying import must_rest
from chaos.load import Load
from chaos.table import fault
from chaos.world import World

DOWN = 30.0
CREATES = 4
QUICK = 1.0
"""Seconds for a create on a machine that is busy with much else."""


@fault(6, "redis-flushed")
def flushed(world: World, rng: Random, _load: Load) -> None:
    """FLUSHALL, again and again."""
    for _ in range(8):
        time.sleep(rng.uniform(0, 0.4))
        world.flush_redis()


@fault(6, "redis-down")
def down(world: World, rng: Random, _load: Load) -> None:
    """Killed, and back half a minute later."""
    time.sleep(rng.uniform(0, 1))
    world.kill(world.stack.valkey.process)
    time.sleep(world.pace.scaled(DOWN))
    world.stack.valkey.start()


@fault(6, "redis-gone", soaks=False)
def gone(world: World, rng: Random, load: Load) -> None:
    """Gone for ever: everything comes to rest without it."""
    time.sleep(rng.uniform(0, 0.5))
    world.to_redis.refuse()
    must_rest(world, load, world.pace.patience, "without Redis")


@fault(6, "redis-silent", soaks=False)
def silent(world: World, rng: Random, load: Load) -> None:
    """Every connection opens and nothing is ever answered: everything comes to rest all the same."""
    time.sleep(rng.uniform(0, 0.5))
    world.to_redis.hole()
    _must_be_quick(world, load)
    must_rest(world, load, world.pace.patience, "while Redis says nothing")


def _must_be_quick(world: World, load: Load) -> None:
    """Note a breach if creates wait for Redis, whose time-out is two seconds."""
    load.accepted(load.plan.jobs)
    began = time.monotonic()
    for number in range(CREATES):
        tenant = world.tenants[number % len(world.tenants)]
        load.add(tenant, file_id=load.files[tenant.name])
    each = (time.monotonic() - began) / CREATES
    if each > QUICK:
        load.seen_broken.append(f"a create takes {each:.1f} s while Redis says nothing")


@fault(6, "redis-hung")
def hung(world: World, rng: Random, _load: Load) -> None:
    """SIGSTOP, half a minute, SIGCONT."""
    time.sleep(rng.uniform(0, 1))
    world.freeze(world.stack.valkey.process)
    time.sleep(world.pace.scaled(DOWN))
    world.thaw(world.stack.valkey.process)


@fault(6, "redis-client-kill")
def client_kill(world: World, rng: Random, _load: Load) -> None:
    """A storm of CLIENT KILL."""
    for _ in range(25):
        time.sleep(rng.uniform(0, 0.15))
        world.redis_do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
