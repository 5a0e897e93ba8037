"""What kind of world a run wants."""

from dataclasses import dataclass
from typing import Final

from chaos.pace import QUICK, REAL, Pace


@dataclass(frozen=True)
class Flavour:
    """What a world is started with; runs of one flavour share a world.

    Attributes:
        job_seconds: How long the platform trains, as scaled: a real world's trains as many times longer.
        workers: How many workers.
        real: Whether the service has its default durations instead of the scaled ones.
        extra: More variables for api and workers.
        quirks: Lasting oddities of the platform, from its start on.
        small_disks: Folders of the stack that lie on a disk of their own, and its size in MiB.
    """

    job_seconds: float = 0.5
    workers: int = 2
    real: bool = False
    extra: tuple[tuple[str, str], ...] = ()
    quirks: tuple[str, ...] = ()
    small_disks: tuple[tuple[str, int], ...] = ()

    @property
    def pace(self) -> Pace:
        """How fast time passes."""
        return REAL if self.real else QUICK

    @property
    def training(self) -> float:
        """How long the platform trains, in seconds."""
        return self.job_seconds * QUICK.factor / self.pace.factor

    @property
    def simulator_args(self) -> tuple[str, ...]:
        """What the stand-in platform is started with."""
        return ("--job-seconds", f"{self.training:g}", "--quirks", ",".join(self.quirks))


USUAL: Final = Flavour()
