"""15. Ten minutes of random picks of all the faults, under a thousand jobs."""

import time
from collections import Counter
from random import Random

from chaos.flavour import USUAL
from chaos.load import Load, Plan
from chaos.stand_in import HarnessError
from chaos.table import FAULTS, Variant, fault
from chaos.world import World

SECONDS = 600.0
AFTER_THE_LAST = 30.0
"""Seconds of load left after the last fault begins, so that its point is still reached."""
PARKED = 180.0
"""A platform that failed again and again is left alone for up to two minutes, whatever the pace."""
SOAK = 15


@fault(SOAK, "soak", plan=Plan(jobs=1000, spread=SECONDS, clients=8), rest_within=PARKED)
def soak(world: World, rng: Random, load: Load) -> None:
    """One fault after another; one that cannot be done at that moment is mended and passed over."""
    end = time.monotonic() + load.plan.spread - AFTER_THE_LAST
    done, passed_over = Counter[int](), Counter[str]()
    while time.monotonic() < end:
        variant = rng.choice(_picks())
        try:
            variant.act(world, rng, load.part(variant.plan))
            done[variant.number] += 1
        except HarnessError:
            passed_over[variant.name] += 1
        world.heal()
        time.sleep(rng.uniform(0, 1))
    print(f"        {done.total()} faults were done, by number: {_listed(done)}")
    print(f"        {passed_over.total()} could not be at that moment: {_listed(passed_over)}")


def _listed(counted: Counter[int] | Counter[str]) -> str:
    return ", ".join(f"{what} {count} times" for what, count in sorted(counted.items())) or "none"


def _picks() -> list[Variant]:
    """Return what can be done in the usual world while others' jobs go on."""
    usual = [variant for variant in FAULTS.variants.values() if variant.flavour == USUAL]
    return [one for one in usual if not one.show and one.number != SOAK and one.soaks and one.lacking is None]
