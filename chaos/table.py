"""The table of faults: a variant is a function under `@fault`, in a file of `chaos/faults/` per number."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from chaos.flavour import USUAL, Flavour
from chaos.load import USUAL_LOAD, Load, Plan
from chaos.world import World

Act = Callable[[World, Random, Load], None]
Need = Callable[[], str | None]
"""Says what the machine lacks, or None."""


@dataclass(frozen=True)
class Variant:
    """One way to do a numbered fault.

    Attributes:
        number: The fault's number in the table of `docs/reliability.md`.
        name: Its name within the table, unique over all.
        act: Does the harm while the load runs; whatever it leaves broken is mended as it returns.
        needs: What the machine must have.
        flavour: In what kind of world.
        plan: How much load.
        rest_within: Seconds, as scaled, until it must be at rest; `None` is the pace's patience.
        soaks: Whether the soak may pick it: not if it waits for all of the run's jobs to end, or changes the
            world for good.
        show: Not part of the rotation: run once, when it is asked for by name.
    """

    number: int
    name: str
    act: Act
    needs: Need | None = None
    flavour: Flavour = USUAL
    plan: Plan = USUAL_LOAD
    rest_within: float | None = None
    soaks: bool = True
    show: bool = False

    @property
    def lacking(self) -> str | None:
        """What the machine lacks for it, or None."""
        return None if self.needs is None else self.needs()


@dataclass
class Table:
    """All variants, in the order of their entry."""

    variants: dict[str, Variant] = field(default_factory=dict)

    def of(self, number: int) -> list[Variant]:
        """Return the variants that take turns for a number."""
        return [
            variant for variant in self.variants.values() if variant.number == number and not variant.show
        ]

    @property
    def numbers(self) -> list[int]:
        """Return the numbers that have variants in turn."""
        return sorted({variant.number for variant in self.variants.values() if not variant.show})


FAULTS = Table()


def fault(
    number: int,
    name: str,
    *,
    needs: Need | None = None,
    flavour: Flavour = USUAL,
    plan: Plan = USUAL_LOAD,
    rest_within: float | None = None,
    soaks: bool = True,
    show: bool = False,
) -> Callable[[Act], Act]:
    """Enter a variant into the table; see `Variant`."""

    def enter(act: Act) -> Act:
        assert name not in FAULTS.variants, name
        FAULTS.variants[name] = Variant(number, name, act, needs, flavour, plan, rest_within, soaks, show)
        return act

    return enter


def program(name: str) -> Need:
    """Need a program on the PATH."""
    return lambda: None if shutil.which(name) else f"there is no program {name}"


def folder(path: Path) -> Need:
    """Need a folder or file."""
    return lambda: None if path.exists() else f"there is no {path}"
