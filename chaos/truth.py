"""The harness's own look at Postgres: past the proxies and past the service's own queries."""

import asyncio
import json
from typing import Any

import asyncpg

from chaos.background import Background

Rows = list[dict[str, Any]]
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
"""What it raises while Postgres cannot be asked."""

# Those about a run take `of_run(name)` as their one value.
JOBS = """
    SELECT j.id, p.name AS project, j.metadata->>'n' AS number, j.state, j.sequence, j.error_code,
           j.platform_job_id, j.running_since IS NOT NULL AS ran,
           j.cancel_requested_at IS NOT NULL AS cancelled,
           (SELECT count(*) FROM job_events e WHERE e.job_id = j.id) AS events,
           (SELECT coalesce(max(e.sequence), 0) FROM job_events e WHERE e.job_id = j.id) AS last_event
    FROM jobs j JOIN projects p ON p.id = j.project_id WHERE j.metadata @> $1::jsonb ORDER BY j.id"""
STATES = """
    SELECT id, state, sequence, running_since IS NOT NULL AS ran FROM jobs j WHERE j.metadata @> $1::jsonb"""
EVENTS = """
    SELECT e.id, e.object_id, e.type, e.sequence FROM webhook_events e
    JOIN jobs j ON j.id = e.object_id WHERE j.metadata @> $1::jsonb"""
DELIVERIES = """
    SELECT d.id, d.event_id, e.object_id, d.state, d.body, d.attempts, w.url, p.name AS project,
           (SELECT count(*) FROM webhook_attempts a WHERE a.delivery_id = d.id) AS tries
    FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
    JOIN webhook_endpoints w ON w.id = d.endpoint_id JOIN projects p ON p.id = e.project_id
    JOIN jobs j ON j.id = e.object_id WHERE j.metadata @> $1::jsonb"""
OPEN = """
    SELECT j.state AS what, count(*) FROM jobs j
    WHERE j.metadata @> $1::jsonb AND j.finished_at IS NULL GROUP BY j.state
    UNION ALL
    SELECT 'delivery ' || d.state, count(*) FROM webhook_deliveries d
    JOIN webhook_events e ON e.id = d.event_id JOIN jobs j ON j.id = e.object_id
    WHERE j.metadata @> $1::jsonb AND d.state = 'pending' GROUP BY d.state"""
SUBMISSIONS = """
    SELECT s.marker, s.platform_training_file, s.own_file, s.platform_job_id, s.job_id, s.outcome
    FROM platform_submissions s JOIN jobs j ON j.id = s.job_id WHERE j.metadata @> $1::jsonb"""
STALE = """
    SELECT 'job ' || id AS what FROM jobs WHERE claimed_until < now() - $1::interval
    UNION ALL SELECT 'submission ' || id FROM platform_submissions WHERE claimed_until < now() - $1::interval
    UNION ALL SELECT 'delivery ' || id FROM webhook_deliveries WHERE claimed_until < now() - $1::interval
    UNION ALL SELECT 'upload ' || id FROM uploads WHERE claimed_until < now() - $1::interval"""


def of_run(name: str) -> str:
    """Return what the metadata of a run's jobs contains, as JSON."""
    return json.dumps({"run": name})


class Truth:
    """Asks over one connection of its own, which is opened again after a restart of the server."""

    def __init__(self, background: Background, url: str) -> None:
        self._background = background
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._turn: asyncio.Lock | None = None

    def rows(self, statement: str, *values: Any) -> Rows:
        """Return the rows of a statement.

        Raises:
            OSError: and the others in `AWAY`: Postgres cannot be asked now.
        """
        return self._background.run(self.ask(statement, *values))

    async def ask(self, statement: str, *values: Any) -> Rows:
        """Return the rows of a statement, on the background's loop."""
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._url, timeout=2, command_timeout=10)
            return [dict(row) for row in await self._connection.fetch(statement, *values)]

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.terminate()
