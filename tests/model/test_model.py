"""A job's life in every order: what hypothesis makes up is held against a small model of what must be true.

A few in the suite; `make model` makes up many (`MODEL_EXAMPLES`), and others (`MODEL_SEED`).
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings

from .promises import Model
from .steps import Create, Step, stories
from .world import World, opened_world

STORIES = int(os.environ.get("MODEL_EXAMPLES", "16"))
SEED = int(os.environ.get("MODEL_SEED", "1"))
STEPS = 18
# Beside the simplest story one at random for each seed: of many in one run most are near-copies of others.
ONE = settings(
    max_examples=2,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


# A failure is told as the shortest story that has it: finding that takes its time.
@pytest.mark.timeout(600 + 10 * STORIES)
def test_a_jobs_life_keeps_its_promises_in_every_order(database_url: str, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        opening = opened_world(database_url, tmp_path)
        world = runner.run(opening.__aenter__())

        @ONE
        @given(stories(STEPS))
        def keeps_its_promises(story: Sequence[Step]) -> None:
            if story:
                runner.run(_live_through(world, story))

        try:
            for number in range(STORIES):
                seed(SEED * 100_000 + number)(keeps_its_promises)()
        finally:
            runner.run(opening.__aexit__(None, None, None))


async def _live_through(world: World, story: Sequence[Step]) -> None:
    await world.begin_anew()
    model = Model(world)
    try:
        for step in (Create(key=None, hook=True, file=0), *story):
            note(f"{step}")
            await step.happen(model)
            await model.hold()
        await world.come_to_rest()
        await model.hold_at_rest()
    finally:
        await world.end()
