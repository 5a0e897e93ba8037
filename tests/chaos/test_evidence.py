"""A webhook is judged by the secret of its path and by the clock at its arrival."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from chaos.evidence import TOLERANCE, Logs, verified
from chaos.receiver import Told

SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"s" * 32).decode()
LONG_AGO = 1_700_000_000


def told(*, secret: str = SECRET, body: bytes = b"{}", late: float = 0.0) -> Told:
    at = datetime.fromtimestamp(LONG_AGO, UTC)
    signature = Webhook(secret).sign(msg_id="wh_1", timestamp=at, data="{}")
    headers = {"webhook-timestamp": str(LONG_AGO), "webhook-signature": f"v1,b3RoZXI= {signature}"}
    return Told("/run/north", "wh_1", headers, body, LONG_AGO + late, 204)


def test_what_came_long_ago_is_still_verified() -> None:
    assert verified(told(), SECRET)


@pytest.mark.parametrize(
    "changes", [{"secret": OTHER}, {"body": b"{ }"}, {"late": TOLERANCE + 1}, {"late": -TOLERANCE - 1}]
)
def test_what_a_receiver_would_refuse_is_not_verified(changes: dict[str, object]) -> None:
    assert not verified(told(**changes), SECRET)  # type: ignore[arg-type]


def test_a_path_of_no_project_verifies_nothing() -> None:
    assert not verified(told(), None)


def test_a_secret_is_found_in_a_log_once_and_for_all(tmp_path: Path) -> None:
    logs = Logs(tmp_path)
    (tmp_path / "api.log").write_text("hello\n")
    assert logs.leaks({"the key": "tw_secret"}) == []
    with (tmp_path / "api.log").open("a") as log:
        log.write("authorization: tw_secret\n")
    assert (
        logs.leaks({"the key": "tw_secret"})
        == logs.leaks({"the key": "tw_secret"})
        == [("api.log", "the key")]
    )
