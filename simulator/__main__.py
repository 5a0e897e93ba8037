"""`python -m simulator`: the stand-in platform as a process. Flags win over `SIMULATOR_*` variables."""

import argparse
import os
from pathlib import Path

import uvloop

from simulator.options import Options, listed
from simulator.quirks.state import Quirks
from simulator.script import parsed
from simulator.server import run


def arguments() -> argparse.ArgumentParser:
    """Describe the flags."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A stand-in XPULink platform.")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (0: a free one)")
    parser.add_argument(
        "--api-key", help="the key to accept; 'any' accepts every one (xpulink-simulator-key)"
    )
    parser.add_argument("--job-seconds", type=float, help="seconds from a job's create to its end (3.0)")
    parser.add_argument("--seed", type=int, help="what curves, ids and answers are derived from (0)")
    parser.add_argument("--data-dir", type=Path, help="keep files and jobs here (a temporary folder)")
    parser.add_argument(
        "--fault",
        action="append",
        dest="faults",
        metavar="NAME[:times]",
        help="a fault for the first matching requests; ;route=, ;retry_after= and ;seconds= may follow",
    )
    parser.add_argument(
        "--quirks",
        type=listed,
        metavar="NAME,…",
        help="lasting oddities, such as no_echo,html_200@events; GET /simulator/quirks lists them",
    )
    return parser


def main() -> None:
    """Run until SIGTERM."""
    parser = arguments()
    flags = vars(parser.parse_args())
    flags["faults"] = tuple(flags["faults"]) if flags["faults"] else None
    try:
        options = Options.from_environment(os.environ, **flags)
        for text in options.faults:
            parsed(text)
        Quirks(options.quirks)
    except ValueError as error:
        parser.error(str(error))
    uvloop.run(run(options))


if __name__ == "__main__":
    main()
