"""A client that is missing is skipped on somebody's machine, and has failed where all is installed."""

from pathlib import Path

import pytest

from . import environments
from .environments import NO_SKIPS, failing_on_a_skip, program


def report(outcome: str) -> pytest.TestReport:
    reason = ("test_node.py", 1, "Skipped: node is not installed") if outcome == "skipped" else None
    return pytest.TestReport("node", ("", 0, ""), {}, outcome, reason, "setup")


def test_a_skip_stays_one_where_something_may_be_missing() -> None:
    assert failing_on_a_skip(report("skipped"), {}).outcome == "skipped"


def test_a_skip_fails_where_nothing_may_be_missing() -> None:
    failed = failing_on_a_skip(report("skipped"), {NO_SKIPS: "1"})
    assert failed.outcome == "failed"
    assert "node is not installed" in failed.longreprtext


@pytest.mark.parametrize("outcome", ["passed", "failed"])
def test_any_other_outcome_is_left_alone(outcome: str) -> None:
    assert failing_on_a_skip(report(outcome), {NO_SKIPS: "1"}).outcome == outcome


@pytest.mark.parametrize("client", ["openai2", "litellm", "node"])
def test_a_client_that_is_not_installed_is_named(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path)
    with pytest.raises(pytest.skip.Exception, match=f"{client} is not installed: run `make clients`"):
        program(client)
