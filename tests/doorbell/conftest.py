"""What a test of the bell leaves to the collector is collected with it, and not within another test."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()
