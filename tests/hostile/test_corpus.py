"""The whole corpus against a real `tuneward api`: a clear 4xx at worst, and afterwards all is as before."""

from collections.abc import Callable

from .barrage import Siege, besiege
from .case import World
from .corpus import corpus
from .world import Api


async def test_no_case_brings_more_than_a_clear_4xx_and_nothing_is_left_behind(
    api: Api, world: World, record_property: Callable[[str, object], None]
) -> None:
    cases = list(corpus(world.operations))
    assert len({case.name for case in cases}) == len(cases)
    siege: Siege = await besiege(api, world, cases, rounds=1, warm_up=cases[::4])
    record_property("summary", siege.summary)
    assert not siege.outcome.wrong, "\n".join(siege.outcome.wrong)
    assert siege.outcome.server_errors == 0
    assert siege.files_left == 0
    assert siege.open_files_left == 0
    assert siege.memory_left < Siege.NOISE
