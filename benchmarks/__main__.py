"""`python -m benchmarks [NAME …] [--quick]`: measure, print tables, and write `docs/benchmarks.md`."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import (
    durable_creation,
    idle_latency,
    near_duplicates,
    structure_check,
    token_counts,
    upload_memory,
    webhook_dispatch,
)
from benchmarks.figure import Figure
from benchmarks.report import page, table

_PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BENCHMARKS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        durable_creation,
        idle_latency,
        upload_memory,
        webhook_dispatch,
        structure_check,
        token_counts,
        near_duplicates,
    )
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="A full run of everything writes docs/benchmarks.md; any other only prints.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, to try the programs")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    return given


def _run(names: Sequence[str], *, quick: bool) -> dict[str, tuple[str, list[Figure]]]:
    results = {}
    for name in names:
        print(f"\n{name} …", file=sys.stderr, flush=True)
        started = time.monotonic()
        figures = BENCHMARKS[name].run(quick)
        print(table(figures), flush=True)
        print(f"({time.monotonic() - started:.0f} s)", file=sys.stderr, flush=True)
        results[name] = (BENCHMARKS[name].METHOD, figures)
    return results


def main() -> None:
    """Run what was asked for."""
    given = _arguments()
    results = _run(given.names or list(BENCHMARKS), quick=given.quick)
    if not given.quick and not given.names:
        _PAGE.parent.mkdir(exist_ok=True)
        _PAGE.write_text(page(results))
        print(f"Written to {_PAGE.relative_to(_PAGE.parent.parent)}", file=sys.stderr)


if __name__ == "__main__":
    main()
