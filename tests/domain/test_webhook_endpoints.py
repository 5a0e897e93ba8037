"""What a change makes of an endpoint."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.webhook_endpoints import BY_UPDATE, EndpointChange, WebhookEndpoint, changed, starts_afresh

NOW = datetime(2026, 9, 1, tzinfo=UTC)
BEFORE = datetime(2026, 8, 1, tzinfo=UTC)
GOOD = WebhookEndpoint(
    id="we_1", name="n", url="https://a.example/", event_types=("a", "b"), secret_hint=None,
    created_at=BEFORE, updated_at=BEFORE, failing_since=BEFORE, disabled_at=None, disabled_reason=None,
)  # fmt: skip
OFF = replace(GOOD, disabled_at=BEFORE, disabled_reason="410")
ON_AGAIN = replace(GOOD, failing_since=None)
SAME, NEW = GOOD.url, "https://b.example/"


@pytest.mark.parametrize(
    ("before", "change", "after", "afresh"),
    [
        (GOOD, {}, GOOD, False),
        (GOOD, {"event_types": ("b", "a"), "name": "n", "url": SAME, "enabled": True}, GOOD, False),
        (GOOD, {"event_types": ("a",)}, replace(GOOD, event_types=("a",)), False),
        (GOOD, {"name": "m"}, replace(GOOD, name="m"), False),
        (GOOD, {"url": NEW}, replace(ON_AGAIN, url=NEW), True),
        (GOOD, {"enabled": False}, replace(GOOD, disabled_at=NOW, disabled_reason=BY_UPDATE), False),
        (OFF, {"name": "m"}, replace(OFF, name="m"), False),
        (OFF, {"enabled": False}, OFF, False),
        (OFF, {"enabled": True}, ON_AGAIN, True),
        (OFF, {"url": SAME}, ON_AGAIN, True),
        (OFF, {"url": NEW}, replace(ON_AGAIN, url=NEW), True),
        (OFF, {"url": SAME, "enabled": False}, OFF, False),
        (OFF, {"url": NEW, "enabled": False}, replace(OFF, url=NEW, failing_since=None), True),
    ],
)
def test_what_an_endpoint_becomes(
    before: WebhookEndpoint, change: dict[str, Any], after: WebhookEndpoint, *, afresh: bool
) -> None:
    found = changed(before, EndpointChange(**change), now=NOW)
    assert found == after
    assert starts_afresh(before, found) is afresh
