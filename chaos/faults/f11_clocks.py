"""11. One process's clock is wrong, by 75 s or an hour, either way: Postgres's decides."""

from datetime import timedelta
from random import Random
from typing import Final

from chaos import clocks
from chaos.load import Load, Plan
from chaos.patience import until_rest
from chaos.table import Act, fault
from chaos.world import World
from embedded.process import SupervisedProcess

SHIFTS: Final = {
    "75s-ahead": timedelta(seconds=75),
    "75s-behind": timedelta(seconds=-75),
    "1h-ahead": timedelta(hours=1),
    "1h-behind": timedelta(hours=-1),
}


def _needed() -> str | None:
    return None if clocks.available() else clocks.MISSING


def _shifted(shift: timedelta) -> Act:
    def act(world: World, rng: Random, load: Load) -> None:
        _with_clock(world, rng.choice(world.workers), shift, load)

    return act


for _name, _shift in SHIFTS.items():
    fault(11, f"clock-{_name}", needs=_needed, plan=Plan(jobs=12, spread=4), soaks=False)(_shifted(_shift))


@fault(11, "clock-of-the-api-1h-behind", needs=_needed, plan=Plan(jobs=12, spread=4), soaks=False)
def of_the_api(world: World, _rng: Random, load: Load) -> None:
    """The api's."""
    _with_clock(world, world.api, timedelta(hours=-1), load)


def _with_clock(world: World, process: SupervisedProcess, shift: timedelta, load: Load) -> None:
    """Run a process under another clock until everything is at rest; some calls fail meanwhile."""
    before = process.environment
    process.terminate()
    process.environment = {**(before or {}), **clocks.off_by(shift)}
    try:
        process.start()
        world.platform.fault("cut_after_accept", times=2)
        world.platform.fault("server_error", times=2, route="retrieve")
        load.accepted(load.plan.jobs)
        until_rest(world, load)
    finally:
        process.terminate()
        process.environment = before
        process.start()
