"""Creating a job: one statement, because it is the hot path of the api."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Text, select, text, true

from db.queries import job_columns
from db.session import Session
from domain.create_requests import Try
from domain.presets import LARGE_ABOVE, SMALL_BELOW

# Checks the API key and the files, takes the idempotency key, inserts the job and its first events, the
# request that a retry may come to. No row comes back if one of them stands in the way; the service then
# finds out which. A second create with the same idempotency key waits here for the first.
# The parts are text, the SELECT around them is Core: only then does SQLAlchemy match the columns of the
# result once and not for every job.
_TAKEN_KEY = (
    text("""
    INSERT INTO idempotency_keys (project_id, key, body_hash, job_id)
    SELECT :project_id, CAST(:idempotency_key AS text), :body_hash, :id
     WHERE CAST(:idempotency_key AS text) IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING key""")
    .columns(key=Text)
    .cte("idempotency")
)
# What the hyperparameters come to depends on the examples in the file, which only this statement reads: it
# picks one of the variants it is given (one alone fits every size). A JSON null among them fits none.
_CHOSEN = (
    text(f"""
    SELECT id, size, CAST(:variants AS jsonb) -> size AS variant
      FROM (SELECT id, LEAST(jsonb_array_length(CAST(:variants AS jsonb)) - 1,
                             CASE WHEN examples < {SMALL_BELOW} THEN 0
                                  WHEN examples > {LARGE_ABOVE} THEN 2 ELSE 1 END) AS size
              FROM files
             WHERE id = :training_file_id AND project_id = :project_id AND {job_columns.USABLE_FILE}
               FOR KEY SHARE) AS training""")  # noqa: S608 - constants only
    .columns(id=job_columns.TYPES["id"], size=Integer)
    .cte("training")
)
_JOB = f"""
    WITH validation AS (
        SELECT id FROM files
         WHERE id = :validation_file_id AND project_id = :project_id AND {job_columns.USABLE_FILE}
           FOR KEY SHARE
    )
    INSERT INTO jobs (id, project_id, credential_id, webhook_endpoint_id, model, platform_model,
                      training_file_id, validation_file_id, suffix, seed, hyperparameters, method,
                      integrations, metadata, extra, sequence)
    SELECT :id, :project_id, :credential_id, :webhook_endpoint_id, :model, :platform_model,
           training.id, :validation_file_id, :suffix, :seed, variant -> 'hyperparameters',
           CAST(:method AS jsonb), CAST(:integrations AS jsonb), CAST(:metadata AS jsonb),
           CAST(:extra AS jsonb), CASE WHEN variant ->> 'warning' IS NULL THEN 1 ELSE 2 END
      FROM training
     WHERE jsonb_typeof(variant) = 'object'
       AND (CAST(:validation_file_id AS text) IS NULL OR EXISTS (SELECT FROM validation))
       AND (CAST(:idempotency_key AS text) IS NULL OR EXISTS (SELECT FROM idempotency))
       AND EXISTS (SELECT FROM api_keys WHERE id = :api_key_id AND revoked_at IS NULL)
    RETURNING id, created_at"""  # noqa: S608 - constants only
_NEW_JOB = (
    text(_JOB).columns(id=job_columns.TYPES["id"], created_at=job_columns.TYPES["created_at"]).cte("job")
)
_FIRST_EVENTS = (
    text("""
    INSERT INTO job_events (job_id, sequence, level, message)
    SELECT id, 1, 'info', 'Created fine-tuning job: ' || id FROM job
     UNION ALL
    SELECT job.id, 2, 'warn', variant ->> 'warning' FROM job, training
     WHERE variant ->> 'warning' IS NOT NULL
    RETURNING job_id""")
    .columns(job_id=job_columns.TYPES["id"])
    .cte("event")
)
# In this order: the job reads the key and the variant, the events read the job.
_CREATE = (
    select(_NEW_JOB.c.created_at, _CHOSEN.c.size)
    .join_from(_NEW_JOB, _CHOSEN, onclause=true())
    .add_cte(_TAKEN_KEY, _CHOSEN, _NEW_JOB, _FIRST_EVENTS)
)

# The same for a client that counts its tries. It holds the lock of its fingerprint, together with others like
# it, from before its row is written until the commit: a retry takes that lock alone, and so waits for it.
_LOCKED = text("SELECT pg_advisory_xact_lock_shared(:lock)::text AS held").columns(held=Text).cte("locked")
_NEW_COUNTED_JOB = (
    text(_JOB.replace("FROM training\n", "FROM locked CROSS JOIN training\n"))
    .columns(id=job_columns.TYPES["id"], created_at=job_columns.TYPES["created_at"])
    .cte("job")
)
_REQUEST = (
    text("""
    INSERT INTO create_requests (job_id, fingerprint, last_retry_count)
    SELECT id, :fingerprint, :retry_count FROM job
    RETURNING job_id""")
    .columns(job_id=job_columns.TYPES["id"])
    .cte("request")
)
_CREATE_COUNTED = (
    select(_NEW_COUNTED_JOB.c.created_at, _CHOSEN.c.size)
    .join_from(_NEW_COUNTED_JOB, _CHOSEN, onclause=true())
    .add_cte(_LOCKED, _TAKEN_KEY, _CHOSEN, _NEW_COUNTED_JOB, _FIRST_EVENTS, _REQUEST)
)


async def create_job(session: Session, *, this: Try | None, **values: Any) -> tuple[datetime, int] | None:
    """Insert a job and its first events, or nothing if a key, a file or a contradiction stands in the way.

    Args:
        session: the transaction.
        this: which try of a create this is, for a client that counts them.
        values: the named parameters of the statement; the JSON ones as text.

    Returns:
        When the job was created, and which of the variants it got.
    """
    statement = _CREATE
    if this is not None:
        statement = _CREATE_COUNTED
        values |= {"lock": this.lock, "fingerprint": this.fingerprint, "retry_count": this.retry_count}
    row = (await session.execute(statement, values)).first()
    return None if row is None else (row[0], row[1])
