"""The figures as a table: for the terminal, and for `docs/benchmarks.md`."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import psutil

from benchmarks.figure import Figure
from embedded.programs import postgres_programs, valkey_program

_HEADINGS = ("Figure", "Reference", "Ratio", "Target", "Met?")
_LIBRARIES = ("fastapi", "uvicorn", "sqlalchemy", "asyncpg", "aiohttp", "msgspec")
_INTRODUCTION = """\
# Benchmarks

Written by `make bench`. Every figure was measured beside its reference in the same run on the same
machine: the ratios carry over to other machines, the absolute figures do not. A figure is a median; the
smallest and the largest value stand in brackets.
"""


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table whose columns line up."""
    rows = [_HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def page(results: Mapping[str, tuple[str, Sequence[Figure]]]) -> str:
    """Return the whole page; `results` maps a benchmark's name to its method and its figures."""
    sections = [f"## {name}\n\n{method}\n\n{table(figures)}\n" for name, (method, figures) in results.items()]
    return "\n".join([_INTRODUCTION, _machine(), *sections])


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines = {
        "Date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "Machine": f"{cores} cores, {psutil.virtual_memory().total / 1024**3:.0f} GiB of memory, "
        f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "Servers": f"{_said_by(postgres_programs() / 'postgres')}; {_said_by(valkey_program())}",
        "Libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
    }
    return "\n".join(f"- {name}: {text}" for name, text in lines.items()) + "\n"


def _said_by(program: os.PathLike[str]) -> str:
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    return " ".join(said.split()[:3]).replace("v=", "")
