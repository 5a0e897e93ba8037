"""Whose connection ends where there are too many."""

from collections.abc import Iterable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def longest_idle(connections: Iterable[object]) -> HttpToolsProtocol | None:
    """Return the connection that has waited longest for its next request, if any waits for one."""
    waiting = [
        (each.timeout_keep_alive_task.when(), number, each)
        for number, each in enumerate(connections)
        if isinstance(each, HttpToolsProtocol) and each.timeout_keep_alive_task is not None
    ]
    return min(waiting)[2] if waiting else None
