"""A short seeded selection of `make chaos`: each job ends once, is paid for once, is told once.

One world for all of them, because its start is what costs most.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chaos.faults import TITLES
from chaos.results import Result
from chaos.run import Worlds, run
from chaos.table import FAULTS

SEED = 7
JOBS = 4
"""Of each run: `make chaos` has more."""
SELECTION = (
    "api-after-commit",
    "killed-delivery.sent",
    "killed-create-sent",
    "frozen-submit.answered",
    "redis-gone",
    "postgres-restart-immediate",
)


@pytest.fixture
def worlds() -> Iterator[Worlds]:
    with Worlds() as worlds:
        yield worlds


@pytest.mark.acceptance
@pytest.mark.timeout(170)
def test_a_seeded_selection_of_faults_breaks_no_promise(worlds: Worlds) -> None:
    for name in SELECTION:
        variant = FAULTS.variants[name]
        variant = replace(variant, plan=replace(variant.plan, jobs=JOBS))
        blank = Result(variant.number, name, SEED, "the suite", variant.flavour.pace.factor)
        result = run(worlds, variant, blank)
        assert (name, result.error, result.breaches) == (name, None, ())
        assert result.jobs == JOBS == result.deliveries


def test_every_variant_belongs_to_a_numbered_fault_and_one_world_serves_the_selection() -> None:
    assert {variant.number for variant in FAULTS.variants.values()} <= TITLES.keys()
    assert len({FAULTS.variants[name].flavour for name in SELECTION}) == 1
