"""A database with one row of each table, for every test anew."""

import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.session import Database

# The least that each table takes. Tests change one thing in it.
ROWS = """
    INSERT INTO projects (id, name, webhook_secret) VALUES ('proj_1', 'one', 's');
    INSERT INTO api_keys (id, project_id, key_hash, key_hint)
         VALUES ('key_1', 'proj_1', sha256('k'), 'abcd');
    INSERT INTO platform_credentials (id, name) VALUES ('cred_1', 'default');
    INSERT INTO files (id, project_id, filename, purpose, bytes, sha256, blob_key, status)
         VALUES ('file-1', 'proj_1', 'a.jsonl', 'fine-tune', 3, sha256('f'), 'files/file-1', 'processed');
    INSERT INTO jobs (id, project_id, credential_id, model, platform_model, training_file_id, seed,
                      hyperparameters)
         VALUES ('ftjob-1', 'proj_1', 'cred_1', 'm', 'm', 'file-1', 1, '{}');
    INSERT INTO job_events (job_id, sequence, message) VALUES ('ftjob-1', 1, 'Created');
    INSERT INTO job_metrics (job_id, step, numbers) VALUES ('ftjob-1', 1, '{}');
    INSERT INTO checkpoints (id, job_id, step_number, model, metrics)
         VALUES ('ftckpt_1', 'ftjob-1', 1, 'm', '{}');
    INSERT INTO platform_files (id, file_id, credential_id, platform_file_id)
         VALUES ('pf_1', 'file-1', 'cred_1', 'file-p1');
    INSERT INTO platform_submissions (id, job_id, marker, platform_training_file, own_file)
         VALUES ('sub_1', 'ftjob-1', 'sub_1', 'file-p1', true);
    INSERT INTO platform_uploads (id, file_id, credential_id, job_id, claim_token)
         VALUES ('pu_1', 'file-1', 'cred_1', 'ftjob-1', gen_random_uuid());
    INSERT INTO idempotency_keys (project_id, key, body_hash, job_id)
         VALUES ('proj_1', 'k', sha256('b'), 'ftjob-1');
    INSERT INTO create_requests (job_id, fingerprint, last_retry_count)
         VALUES ('ftjob-1', sha256('b'), 0);
    INSERT INTO webhook_endpoints (id, project_id, name, url, hidden, event_types)
         VALUES ('we_1', 'proj_1', 'hook', 'https://example.com/', true, '[]');
    INSERT INTO webhook_events (id, project_id, type, object_id, sequence)
         VALUES ('evt_1', 'proj_1', 'fine_tuning.job.failed', 'ftjob-1', 2);
    INSERT INTO webhook_deliveries (id, event_id, endpoint_id, body) VALUES ('wh_1', 'evt_1', 'we_1', '{}');
    INSERT INTO webhook_attempts (id, delivery_id, number, duration_ms) VALUES ('att_1', 'wh_1', 1, 5);
    INSERT INTO uploads (id, project_id, filename, purpose, bytes, expires_at)
         VALUES ('upload_1', 'proj_1', 'a.jsonl', 'fine-tune', 3, now() + interval '1 hour');
    INSERT INTO upload_parts (id, upload_id) VALUES ('part_1', 'upload_1');
    INSERT INTO file_reports (file_id, policy, structure) VALUES ('file-1', 'warn', '');
    INSERT INTO leases (name) VALUES ('tracker');
"""


@pytest.fixture(scope="session")
async def own_url(
    admin_connection: asyncpg.Connection, template_database: str, postgres_url: str
) -> AsyncIterator[str]:
    """A database that these tests share, each on rows of its own: a database for each costs more."""
    name = f"db_{uuid.uuid4().hex}"
    await admin_connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    yield f"{postgres_url.rpartition('/')[0]}/{name}"
    await admin_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def connection(own_url: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(own_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def pool(own_url: str) -> AsyncIterator[Database]:
    opened = Database(own_url, pool_size=4)
    yield opened
    await opened.close()


@pytest.fixture
async def rows(connection: asyncpg.Connection) -> asyncpg.Connection:
    """A connection to a database that holds `ROWS` and nothing else."""
    await connection.execute("DELETE FROM projects; DELETE FROM platform_credentials; DELETE FROM leases")
    await connection.execute(ROWS)
    return connection


@pytest.fixture
async def database(rows: asyncpg.Connection, pool: Database) -> Database:
    """The pool over a database that holds `ROWS` and nothing else."""
    return pool
