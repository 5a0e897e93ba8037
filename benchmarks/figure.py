"""One measured figure: its values, those of its reference, and the target that it is held to."""

import math
from dataclasses import dataclass
from statistics import median
from typing import Literal


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at.

    `of` says what is compared with `bound`: the figure itself, in its unit, or its ratio to the reference.
    """

    of: Literal["figure", "ratio"]
    sense: Literal["<", "≥"]
    bound: float

    def met_by(self, value: float) -> bool:
        """Tell whether this figure or ratio reaches the target."""
        return value < self.bound if self.sense == "<" else value >= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure is the median of its values, one value for each round or sample.

    Attributes:
        name: What was measured.
        unit: Of the values and of the reference's.
        values: Ours; at least one.
        reference: What stands beside it; empty if nothing does.
        reference_values: The reference's, measured in the same run.
        target: What we aim at; None where a figure is for information.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    reference: str = ""
    reference_values: tuple[float, ...] = ()
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Our median over the reference's."""
        return median(self.values) / median(self.reference_values) if self.reference_values else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        compared = self.ratio if self.target and self.target.of == "ratio" else median(self.values)
        return None if self.target is None or compared is None else self.target.met_by(compared)

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return figure, reference, ratio, target and whether it is met, as they stand in the table."""
        theirs = f"{self.reference}: {_shown(self.reference_values, self.unit)}" if self.reference else ""
        return (
            f"{self.name}: {_shown(self.values, self.unit)}",
            theirs,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self._target(),
            {True: "yes", False: "no", None: ""}[self.met],
        )

    def _target(self) -> str:
        if self.target is None:
            return ""
        unit = "of the reference" if self.target.of == "ratio" else self.unit
        return f"{self.target.sense} {self.target.bound:g} {unit}"


def percentile(values: tuple[float, ...], share: float) -> float:
    """Return the smallest value that at least this share (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _shown(values: tuple[float, ...], unit: str) -> str:
    middle = f"{_number(median(values))} {unit}"
    return middle if len(values) == 1 else f"{middle} ({_number(min(values))} to {_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
