"""Programs that start servers and are then killed, and waiting for processes to be gone."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]

Starter = Callable[[str], tuple[subprocess.Popen[str], dict[str, Any]]]


@pytest.fixture
def starter() -> Iterator[Starter]:
    """Run Python code that starts something and prints one JSON line; ended by SIGKILL at the latest."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        program = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
        )
        started.append(program)
        assert program.stdout is not None
        return program, json.loads(program.stdout.readline())

    yield start
    for program in started:
        program.kill()
        program.wait()
        assert program.stdout is not None
        program.stdout.close()


def gone(pids: list[int], *, within: float = 15.0) -> bool:
    """Wait until none of these processes exists, zombies not counting as existing."""
    deadline = time.monotonic() + within
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def descendants(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


@pytest.fixture
def wait_gone() -> Callable[..., bool]:
    return gone


@pytest.fixture
def family() -> Callable[[int], list[int]]:
    return descendants


@pytest.fixture
def kill() -> Callable[[int], None]:
    return lambda pid: os.kill(pid, signal.SIGKILL)
