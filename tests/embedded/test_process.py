"""One supervised program, whatever it does and however its starter ends."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from embedded.errors import EmbeddedError, NotReady, ProcessDied
from embedded.process import SupervisedProcess

WAITS = "import time; time.sleep(1000)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); {WAITS}"

Running = Callable[..., SupervisedProcess]


@pytest.fixture
def described(tmp_path: Path) -> Iterator[Running]:
    made: list[SupervisedProcess] = []

    def describe(code: str, **options: object) -> SupervisedProcess:
        command = [sys.executable, "-c", code]
        process = SupervisedProcess("program", command, log=tmp_path / "logs" / "program.log", **options)
        made.append(process)
        return process

    yield describe
    for process in made:
        process.kill()


def says(word: str) -> Callable[[SupervisedProcess], bool]:
    return lambda process: word in process.output()


def test_it_ends_by_itself_with_its_own_code(described: Running) -> None:
    process = described("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)")
    process.start()
    assert process.wait(timeout=10) == 7
    assert sorted(process.output().split()) == ["err", "out"]
    assert not process.running


def test_it_is_out_of_reach_of_the_terminals_ctrl_c(described: Running) -> None:
    process = described(WAITS)
    process.start()
    assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_sigterm_is_enough_for_most(described: Running) -> None:
    process = described(WAITS)
    process.start()
    process.terminate(grace=30)
    assert process.returncode == -signal.SIGTERM


def test_what_ignores_sigterm_is_killed_after_its_grace(described: Running) -> None:
    process = described(DEAF, ready=says("deaf"))
    process.start()
    process.terminate(grace=0.1)
    assert process.returncode == -signal.SIGKILL


def test_children_it_leaves_behind_are_ended(described: Running, wait_gone: Callable[..., bool]) -> None:
    code = "import subprocess; print(subprocess.Popen(['sleep', '1000']).pid, flush=True)"
    process = described(code)
    process.start()
    process.wait(timeout=10)
    assert wait_gone([int(process.output())])


def test_a_killed_program_can_be_started_again(described: Running) -> None:
    process = described("import os; print('pid', os.getpid(), flush=True); " + WAITS, ready=says("pid"))
    process.start()
    first = process.pid
    process.kill()
    with pytest.raises(ProcessDied, match="code -9"):
        process.check()
    process.start()
    assert process.output().split() == ["pid", str(process.pid)]
    assert process.pid != first
    process.check()


def test_it_is_not_started_twice(described: Running) -> None:
    process = described(WAITS)
    process.start()
    with pytest.raises(EmbeddedError, match=f"as process {process.pid}"):
        process.start()


def test_a_death_before_it_is_ready_shows_the_end_of_the_log(described: Running) -> None:
    process = described("raise SystemExit('no such table')", ready=lambda _: False)
    with pytest.raises(ProcessDied, match=r"(?s)program ended with code 1.*no such table"):
        process.start()


def test_what_does_not_become_ready_is_stopped(described: Running) -> None:
    process = described(WAITS, ready=lambda _: False)
    with pytest.raises(NotReady, match=r"within 0\.1 s"):
        process.start(timeout=0.1)
    assert process.returncode == -signal.SIGTERM


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    process = SupervisedProcess("ghost", ["/does/not/exist"], log=tmp_path / "log")
    with pytest.raises(EmbeddedError, match=r"ghost cannot be started: .*/does/not/exist"):
        process.start()


def test_its_event_is_found_among_other_lines(described: Running) -> None:
    lines = ["starting {", '{"event": "other"}', '{"event": "ready", "url": "here"}']
    process = described(
        f"print({chr(10).join(lines)!r}, flush=True); {WAITS}", ready=lambda p: p.event("ready")
    )
    process.start()
    assert process.event("ready") == {"event": "ready", "url": "here"}
    assert process.event("missing") is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a child when its parent dies")
def test_it_ends_when_its_guard_is_killed(
    described: Running, kill: Callable[[int], None], wait_gone: Callable[..., bool]
) -> None:
    process = described(WAITS)
    process.start()
    kill(psutil.Process(process.pid).ppid())
    assert wait_gone([process.pid])
