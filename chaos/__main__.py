"""`python -m chaos`: run every fault, print what came of it, write the table, fail if a promise broke."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import Final

from chaos import report
from chaos.faults import TITLES
from chaos.results import Result, Results, tree
from chaos.run import Worlds, run
from chaos.table import FAULTS, Variant

SOAK: Final = 15
STOPPED: Final = 130
ROOM: Final = 1000
"""Seeds of one `--seed` apart from those of the next."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument(
        "--runs", type=_positive, default=20, help="runs per numbered fault, one per variant at least (20)"
    )
    parser.add_argument("--seed", type=int, default=1, help="what all moments are drawn from (1)")
    parser.add_argument("--only", default="", help="numbers or names of variants, with commas between them")
    parser.add_argument("--real", action="store_true", help="each variant once, at its real time")
    parser.add_argument("--soak", action="store_true", help="the soak alone")
    parser.add_argument("--jobs", type=int, help="how many jobs each run creates")
    parser.add_argument("--fresh", action="store_true", help="forget the results there are")
    parser.add_argument("--list", action="store_true", help="list the variants")
    given = parser.parse_args()
    given.only = [word.strip() for word in given.only.split(",") if word.strip()] + [str(SOAK)] * given.soak
    known = {*FAULTS.variants, *map(str, FAULTS.numbers)}
    if unknown := [word for word in given.only if word not in known]:
        parser.error(f"there is no {', '.join(unknown)}; --list lists what there is")
    return given


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is no number of runs; at least 1 is")
    return number


def _chosen(wanted: Sequence[str]) -> dict[int, list[Variant]]:
    """Return the variants that take turns, by number; one that is named does, even if it is only a show."""
    if not wanted:
        return {number: FAULTS.of(number) for number in FAULTS.numbers}
    found: dict[int, list[Variant]] = {}
    for word in wanted:
        named = FAULTS.of(int(word)) if word.isdigit() else [FAULTS.variants[word]]
        for variant in named:
            found.setdefault(variant.number, []).append(variant)
    return found


def _runs(given: argparse.Namespace) -> tuple[list[tuple[Variant, int]], dict[str, str]]:
    """Return every run as variant and seed, those that share a world side by side; and what is skipped."""
    planned: list[tuple[Variant, int]] = []
    skipped: dict[str, str] = {}
    for number, variants in _chosen(given.only).items():
        able = [variant for variant in variants if variant.lacking is None]
        skipped |= {variant.name: str(variant.lacking) for variant in variants if variant.lacking}
        shows = all(variant.show for variant in able) or number == SOAK
        count = len(able) if given.real or shows else max(given.runs, len(able))
        for place, variant in enumerate(islice(cycle(able), count if able else 0)):
            planned.append((_adapted(variant, given), given.seed * ROOM + place))
    order = list(dict.fromkeys(variant.flavour for variant, _ in planned))
    planned.sort(key=lambda entry: order.index(entry[0].flavour))
    return planned, skipped


def _adapted(variant: Variant, given: argparse.Namespace) -> Variant:
    if given.jobs is not None:
        variant = replace(variant, plan=replace(variant.plan, jobs=given.jobs))
    if given.real:
        variant = replace(variant, flavour=replace(variant.flavour, real=True), rest_within=None)
    return variant


def _do(planned: Sequence[tuple[Variant, int]], results: Results, code: str) -> list[Result]:
    done = []
    with Worlds() as worlds:
        for place, (variant, seed) in enumerate(planned, 1):
            factor = variant.flavour.pace.factor
            blank = Result(variant.number, variant.name, seed, code, factor, asked=variant.plan.jobs)
            result = results.done(blank)
            if result is None:
                result = run(worlds, variant, blank)
                results.add(result)
                print(f"{place:>4}/{len(planned)}  {report.line(result)}", flush=True)
            done.append(result)
    return done


def main() -> int:
    """Run what was asked for; 1 if a promise broke or a run says nothing."""
    given = _arguments()
    if given.list:
        for variant in FAULTS.variants.values():
            print(f"{variant.number:>2}  {variant.name}{'  (by name only)' if variant.show else ''}")
        return 0
    planned, skipped = _runs(given)
    for name, why in skipped.items():
        print(f"Skipped: {name}: {why}")
    code = tree()
    results = Results.read(Results().path, of_tree=code)
    if given.fresh:
        results.forget()
    factors = sorted({variant.flavour.pace.factor for variant, _ in planned})
    print(f"{len(planned)} runs on {code}, durations divided by {', '.join(f'{one:g}' for one in factors)}")
    try:
        done = _do(planned, results, code)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.")
        return STOPPED
    text = report.table(done, skipped, TITLES)
    print(f"\n{text}\n\n{report.verdict(done, skipped)}")
    if not given.only and not given.real and not report.write(text):
        print(f"The table was not written: {report.PAGE} lacks its two markers.")
    return 0 if all(result.good for result in done) else 1


if __name__ == "__main__":
    sys.exit(main())
