"""How the platform's events become ours."""

from collections.abc import Sequence

from domain.jobs import NewEvent
from domain.platform import PlatformEvent

MESSAGE_LENGTH = 4000
LEVELS = frozenset({"info", "warn", "error"})


def new_events(events: Sequence[PlatformEvent]) -> list[NewEvent]:
    """Return the platform's events as lines of our history, oldest first; known ones are skipped later."""
    return [
        NewEvent(
            message=event.message[:MESSAGE_LENGTH] or event.kind,
            level=event.level if event.level in LEVELS else "info",
            kind=event.kind if event.kind == "metrics" else "message",
            details=event.data,
            platform_event_id=event.id,
            created_at=event.created_at,
        )
        for event in reversed(events)
    ]
