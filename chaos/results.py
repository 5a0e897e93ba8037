"""What each run came to: a line of JSON each, so that `make chaos` goes on where it stopped."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from chaos.oracles import Breach

ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = ROOT / ".chaos"
_TRIED: Final = (
    "api", "worker", "services", "db", "domain", "xpulink", "webhooks", "doorbell", "storage", "config",
    "migrations", "crash_points", "simulator", "embedded", "leaving", "cli", "chaos",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One run.

    Attributes:
        tree: What it ran on: a digest of the code, see `tree`.
        factor: What durations were scaled down by.
        asked: How many jobs were asked for.
        recovery: Seconds from the fault's end (a kill is its own end), or from the last create if that came
            later, to rest: every job ended, every delivery delivered or given up.
        first_move: Seconds from the fault's end to the first change of any job; None if all was done.
        breaches: Each as oracle, kind and words.
        error: Why the run says nothing: the fault could not be done as meant. None if it does.
    """

    fault: int
    variant: str
    seed: int
    tree: str
    factor: float
    asked: int = 0
    jobs: int = 0
    deliveries: int = 0
    recovery: float = 0.0
    first_move: float | None = None
    seconds: float = 0.0
    breaches: tuple[tuple[str, str, str], ...] = ()
    error: str | None = None

    @property
    def identity(self) -> tuple[str, int, str, float, int]:
        """What makes it this run and no other."""
        return (self.variant, self.seed, self.tree, self.factor, self.asked)

    @property
    def good(self) -> bool:
        """Whether the fault was done and every oracle was content."""
        return self.error is None and not self.breaches

    def count(self, kind: str) -> int:
        """Return how many breaches of a kind there were."""
        return sum(1 for breach in self.breaches if breach[1] == kind)


def breach_rows(breaches: Iterable[Breach]) -> tuple[tuple[str, str, str], ...]:
    """Write breaches as a result keeps them."""
    return tuple((breach.oracle, breach.kind, breach.words) for breach in breaches)


@dataclass
class Results:
    """The file of results."""

    path: Path = FOLDER / "results.jsonl"
    kept: list[Result] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path, *, of_tree: str) -> "Results":
        """Read what the runs of this code came to; a line that a kill cut short is no result."""
        results = cls(path)
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines:
            try:
                result = _read(json.loads(line))
            except (ValueError, TypeError):
                continue
            if result.tree == of_tree:
                results.kept.append(result)
        return results

    def done(self, result: Result) -> Result | None:
        """Return the result that this run has already, if it said anything."""
        same = (kept for kept in reversed(self.kept) if kept.identity == result.identity)
        return next((kept for kept in same if kept.error is None), None)

    def add(self, result: Result) -> None:
        """Keep a result."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        torn = self.path.exists() and not self.path.read_bytes().endswith(b"\n")
        with self.path.open("a") as lines:
            lines.write(("\n" if torn else "") + json.dumps(asdict(result)) + "\n")
        self.kept.append(result)

    def forget(self) -> None:
        """Begin anew."""
        self.path.unlink(missing_ok=True)
        self.kept.clear()


def _read(line: dict[str, Any]) -> Result:
    return Result(**{**line, "breaches": tuple(tuple(breach) for breach in line["breaches"])})


def tree(root: Path = ROOT) -> str:
    """Return a digest of the code that is tried and of what tries it: any change is another tree."""
    digest = hashlib.sha256()
    for package in _TRIED:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
