"""The table of what all runs came to, printed and written into `docs/reliability.md`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from chaos.oracles import KINDS
from chaos.results import ROOT, Result

PAGE: Final = ROOT / "docs" / "reliability.md"
BEGIN: Final = "<!-- chaos: written by make chaos -->"
END: Final = "<!-- chaos: end -->"
MOST_SHOWN: Final = 8
"""Breaches of one run that are printed; all of them stand in the results."""
_HEAD: Final = (
    "fault",
    "variants",
    "runs",
    "jobs",
    "lost",
    "duplicated",
    "silent",
    "broken",
    "recovery: median, worst",
)


def line(result: Result) -> str:
    """Return what is printed as a run ends."""
    head = f"{result.fault:>2}  {result.variant:<34} seed {result.seed:<6}"
    if result.error is not None:
        return f"{head} SAYS NOTHING: {result.error}"
    told = f"{result.jobs:>4} jobs {result.deliveries:>4} deliveries  rest after {result.recovery:>5.1f} s"
    verdict = "ok" if result.good else "BREACH"
    return "\n".join(
        [f"{head} {told}  ({result.seconds:.0f} s)  {verdict}"]
        + [f"        {oracle} {kind}: {words}" for oracle, kind, words in result.breaches[:MOST_SHOWN]]
        + [f"        … and {more} more" for more in [len(result.breaches) - MOST_SHOWN] if more > 0]
    )


def table(results: Sequence[Result], skipped: Mapping[str, str], titles: Mapping[int, str]) -> str:
    """Return the table in Markdown, a line per numbered fault."""
    rows = [
        _HEAD,
        *(_row(number, results, titles) for number in sorted({result.fault for result in results})),
    ]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(_HEAD))
    lines += ["", *(f"Skipped: {name}, because {why}." for name, why in sorted(skipped.items()))]
    return "\n".join(lines).rstrip()


def _row(number: int, results: Iterable[Result], titles: Mapping[int, str]) -> tuple[str, ...]:
    said = [result for result in results if result.fault == number and result.error is None]
    recoveries = [result.recovery for result in said]
    span = f"{median(recoveries):.1f} s, {max(recoveries):.1f} s" if recoveries else "-"
    return (
        f"{number}. {titles.get(number, '')}",
        str(len({result.variant for result in said})),
        str(len(said)),
        str(sum(result.jobs for result in said)),
        *(str(sum(result.count(kind) for result in said)) for kind in KINDS),
        span,
    )


def verdict(results: Sequence[Result], skipped: Mapping[str, str]) -> str:
    """Return the last lines: the sums."""
    said = [result for result in results if result.error is None]
    sums = {kind: sum(result.count(kind) for result in said) for kind in KINDS}
    jobs, deliveries = sum(one.jobs for one in said), sum(one.deliveries for one in said)
    lines = [
        f"{len(said)} runs, {jobs} jobs, {deliveries} deliveries",
        f"{sums['lost']} lost, {sums['duplicated']} duplicated, {sums['silent']} silent",
    ]
    if sums["broken"]:
        lines.append(f"{sums['broken']} other promises broken")
    if silent := len(results) - len(said):
        lines.append(f"{silent} runs say nothing: their fault could not be done as meant")
    if skipped:
        lines.append(f"{len(skipped)} variants skipped: {', '.join(sorted(skipped))}")
    return "\n".join(lines)


def write(text: str, page: Path = PAGE) -> bool:
    """Put the table between the page's two markers; tell whether there were any."""
    if not page.exists():
        return False
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return False
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    return True
