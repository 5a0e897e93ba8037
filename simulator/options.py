"""What the stand-in platform can be told when it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

ANY_KEY = "any"


@dataclass(frozen=True, slots=True)
class Options:
    """How one stand-in behaves.

    Attributes:
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
        api_key: The bearer key that is accepted; `any` accepts every key that is not empty.
        job_seconds: From a job's create to its end, in seconds.
        seed: What every curve, id tail and chat answer is derived from.
        data_dir: Where files and jobs are kept across restarts; `None` is a temporary folder.
        faults: Faults pending from the start, each as `NAME[:times][;route=…;retry_after=…;seconds=…]`.
        quirks: Lasting oddities from the start, each as `NAME[@route+route]`; `worst` is a mood of many.
    """

    host: str = "127.0.0.1"
    port: int = 0
    api_key: str = "xpulink-simulator-key"
    job_seconds: float = 3.0
    seed: int = 0
    data_dir: Path | None = None
    faults: tuple[str, ...] = ()
    quirks: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], **flags: Any) -> Self:
        """Read `SIMULATOR_*`; a flag that is not `None` wins.

        Raises:
            ValueError: A variable does not hold what its option needs.
        """
        chosen: dict[str, Any] = {}
        for option in fields(cls):
            text = environ.get(f"SIMULATOR_{option.name.upper()}")
            if flags.get(option.name) is not None:
                chosen[option.name] = flags[option.name]
            elif text:
                chosen[option.name] = _READERS.get(option.name, str)(text)
        return cls(**chosen)


def listed(text: str) -> tuple[str, ...]:
    """Read a list with commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


_READERS: dict[str, Any] = {
    "port": int,
    "job_seconds": float,
    "seed": int,
    "data_dir": Path,
    "faults": listed,
    "quirks": listed,
}
