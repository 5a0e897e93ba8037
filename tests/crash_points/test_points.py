import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from crash_points import CrashPoint, arm, order, reach

PROGRAM = """
import sys
from pathlib import Path
from crash_points import CrashPoint, arm, reach
arm(Path(sys.argv[1]))
reach(CrashPoint.CLAIMED)
print("went on", flush=True)
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm(None)


def start(folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE)


def test_a_point_is_inert_unless_it_is_armed(tmp_path: Path) -> None:
    order(tmp_path, CrashPoint.CLAIMED)
    reach(CrashPoint.CLAIMED)
    assert (tmp_path / "claimed").exists()


def test_an_order_kills_the_first_process_that_comes_by_and_no_other(tmp_path: Path) -> None:
    order(tmp_path, CrashPoint.CLAIMED)
    first = start(tmp_path)
    assert first.communicate()[0] == b""
    assert first.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == [f"claimed.taken-{first.pid}"]
    second = start(tmp_path)
    assert second.communicate()[0] == b"went on\n"


def test_a_frozen_process_goes_on_when_it_is_thawed(tmp_path: Path) -> None:
    order(tmp_path, CrashPoint.CLAIMED, "freeze")
    process = start(tmp_path)
    give_up = time.monotonic() + 20
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < give_up
        time.sleep(0.01)
    process.send_signal(signal.SIGCONT)
    assert process.communicate()[0] == b"went on\n"


def test_an_order_for_another_point_does_nothing(tmp_path: Path) -> None:
    arm(tmp_path)
    order(tmp_path, CrashPoint.UPLOAD_BEGUN)
    reach(CrashPoint.CLAIMED)
    assert [path.name for path in tmp_path.iterdir()] == ["upload.begun"]


def test_only_a_kill_or_a_freeze_can_be_ordered(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'explode'"):
        order(tmp_path, CrashPoint.CLAIMED, "explode")


def test_every_point_stands_somewhere_in_the_code() -> None:
    """That it is reached there, and by which process: tests/acceptance/test_crash_points.py."""
    root = Path(__file__).parents[2]
    code = "".join(
        path.read_text()
        for part in ("api", "db", "worker", "xpulink")
        for path in (root / part).rglob("*.py")
    )
    assert [point.name for point in CrashPoint if f"CrashPoint.{point.name})" not in code] == []
