"""One real api for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .case import World
from .world import Api, inhabited, serving


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    with serving(tmp_path, database_url) as running:
        yield running


@pytest.fixture
async def world(api: Api) -> AsyncIterator[World]:
    async with inhabited(api) as made:
        yield made
