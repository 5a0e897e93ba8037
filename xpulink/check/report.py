"""What a check found, as values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """Whether the platform has something."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One capability: whether it is there, and in words what is to be known about it."""

    capability: str
    verdict: Verdict
    note: str = ""


NEEDED = frozenset({"upload a file", "create a job", "retrieve a job"})
"""Without these the platform cannot be used at all."""


@dataclass(slots=True)
class Report:
    """What is known of a platform.

    Attributes:
        base_url: Where it was asked.
        problem: Why it cannot be used as it is configured, and what to do; None if nothing stands in the way.
        settings: Variables that have to be set for it, with their values.
        warnings: What whoever asked has to know or do, a sentence each.
    """

    base_url: str
    findings: list[Finding] = field(default_factory=list)
    problem: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def note(self, capability: str, verdict: Verdict, *notes: str) -> None:
        """Enter a finding; one of the same name is replaced where it stands, for it is known better now."""
        finding = Finding(capability, verdict, "; ".join(note for note in notes if note))
        names = [known.capability for known in self.findings]
        if capability in names:
            self.findings[names.index(capability)] = finding
        else:
            self.findings.append(finding)

    def verdict(self, capability: str) -> Verdict:
        """Return what is known of a capability."""
        found = (known.verdict for known in self.findings if known.capability == capability)
        return next(found, Verdict.UNKNOWN)

    @property
    def usable(self) -> bool:
        """Nothing we need is known to be missing."""
        return self.problem is None and all(self.verdict(name) is not Verdict.NO for name in NEEDED)

    def routes(self, verdict: Verdict, names: Iterable[str]) -> list[str]:
        """Return those of these capabilities that have this verdict."""
        return [name for name in names if self.verdict(name) is verdict]

    def json(self) -> dict[str, Any]:
        """Return the report for machines."""
        return {
            "base_url": self.base_url,
            "usable": self.usable,
            "problem": self.problem,
            "settings": self.settings,
            "warnings": self.warnings,
            "findings": [
                {"capability": found.capability, "verdict": found.verdict.value, "note": found.note}
                for found in self.findings
            ],
        }
