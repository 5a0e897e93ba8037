"""The whole service as processes: it starts, says which part fails, and leaves nothing behind."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from embedded.errors import FolderInUse, ProcessDied
from embedded.stack import Stack


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_part_that_cannot_run_is_named_and_the_others_are_stopped(tmp_path: Path, taken_port: int) -> None:
    stack = Stack(tmp_path, port=taken_port, durable=False)
    with pytest.raises(ProcessDied, match=r"(?si)^api ended with code.*in use"):
        stack.start()
    servers = [stack.postgres.process, stack.valkey.process, stack.simulator, *stack.workers]
    assert [process.running for process in servers] == [False] * 4
    assert not [child for child in psutil.Process().children(recursive=True) if str(tmp_path) in _line(child)]


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_its_life(tmp_path: Path, wait_gone: Callable[..., bool]) -> None:
    """One stack for all of it, because its start is what costs most."""
    with Stack(tmp_path, worker_count=2, durable=False) as stack:
        it_is_usable(stack)
        with pytest.raises(FolderInUse):
            Stack(stack.data_dir).start()
        its_parts_end_in_good_order_and_start_again(stack)
        a_killed_worker_is_noticed_and_can_be_started_again(stack, wait_gone)


def it_is_usable(stack: Stack) -> None:
    stack.check()
    assert stack.platform_url.endswith("/v1")
    assert {log.name for log in (stack.data_dir / "logs").iterdir()} == {
        *("postgres.log", "valkey.log", "simulator.log", "migrate.log", "api.log"),
        *("worker-1.log", "worker-2.log"),
    }


def its_parts_end_in_good_order_and_start_again(stack: Stack) -> None:
    for process in (stack.api, stack.workers[0]):
        process.terminate(grace=25)
        assert process.returncode == 0
        process.start()
    stack.check()


def a_killed_worker_is_noticed_and_can_be_started_again(stack: Stack, wait_gone: Callable[..., bool]) -> None:
    worker = stack.workers[1]
    killed = worker.pid
    worker.kill()
    assert wait_gone([killed])
    with pytest.raises(ProcessDied, match=r"^worker-2 ended with code -9"):
        stack.check()
    worker.start()
    stack.check()
