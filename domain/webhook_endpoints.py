"""A webhook endpoint as everybody but the database sees it, and what a change makes of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

MOST_PER_PROJECT: Final = 100
BY_UPDATE: Final = "it was disabled by an update"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """One row of `webhook_endpoints`; times are aware UTC datetimes."""

    id: str
    name: str
    url: str
    event_types: tuple[str, ...]
    secret_hint: str | None
    created_at: datetime
    updated_at: datetime | None
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """A create request after it was checked."""

    name: str
    url: str
    event_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChange:
    """An update after it was checked; None leaves things as they are."""

    name: str | None = None
    url: str | None = None
    event_types: tuple[str, ...] | None = None
    enabled: bool | None = None


def changed(endpoint: WebhookEndpoint, change: EndpointChange, *, now: datetime) -> WebhookEndpoint:
    """Return the endpoint as a change makes it, equal to `endpoint` if it changes nothing.

    Naming the URL, the same or another, is consent to try it: it enables a disabled endpoint unless the
    change says otherwise. The same event types in another order are no change.
    """
    types = change.event_types
    same_types = types is None or set(types) == set(endpoint.event_types)
    after = replace(
        endpoint,
        name=change.name or endpoint.name,
        url=change.url or endpoint.url,
        event_types=endpoint.event_types if types is None or same_types else types,
    )
    wanted = change.url is not None or None if change.enabled is None else change.enabled
    if wanted is False and endpoint.disabled_at is None:
        after = replace(after, disabled_at=now, disabled_reason=BY_UPDATE)
    elif wanted:
        after = replace(after, disabled_at=None, disabled_reason=None)
    return replace(after, failing_since=None) if starts_afresh(endpoint, after) else after


def starts_afresh(before: WebhookEndpoint, after: WebhookEndpoint) -> bool:
    """Tell whether earlier failures say nothing any more: another receiver, or one that was mended."""
    mended = before.disabled_at is not None and after.disabled_at is None
    return mended or before.url != after.url
