"""8. The platform cuts the connection after each of 200 creates it accepted: shows, asked for by name."""

from random import Random

from chaos.flavour import USUAL, Flavour
from chaos.load import Load, Plan
from chaos.proxy import wait_for
from chaos.stand_in import HarnessError
from chaos.table import fault
from chaos.world import World

CUTS = 200
LONGEST = 300.0
EACH_CUT = Plan(jobs=CUTS, spread=10)


def _cut_each(world: World, load: Load) -> None:
    world.platform.fault("cut_after_accept", times=load.plan.jobs)
    if not wait_for(lambda: not world.platform.faults_left(), LONGEST):
        raise HarnessError(f"{world.platform.faults_left()} creates were not cut within {LONGEST:g} s")


@fault(8, "cut-200", flavour=USUAL, plan=EACH_CUT, show=True)
def cut_200(world: World, _rng: Random, load: Load) -> None:
    """The platform cuts the connection after accepting each of 200 creates."""
    _cut_each(world, load)


@fault(8, "cut-200-no-echo", flavour=Flavour(quirks=("no_echo",)), plan=EACH_CUT, show=True)
def cut_200_no_echo(world: World, _rng: Random, load: Load) -> None:
    """The same of a platform that does not give the metadata back."""
    _cut_each(world, load)
