"""Illegal rows are impossible: each CHECK, one row that breaks it and nothing else."""

import re

import asyncpg
import pytest

from domain.job_state import EDGES, TERMINAL, JobState

ENDED = "finished_at = now(), next_step_at = NULL"
FAILED = f"state = 'failed', error_code = 'c', error_message = 'm', {ENDED}"
CLAIMED = "claim_token = gen_random_uuid(), claimed_until = now()"

ILLEGAL = {
    "jobs": [
        ("state_known", "state = 'paused'"),
        ("state_known", "state = ''"),
        ("ended_has_finish", "finished_at = now()"),
        ("ended_has_finish", "state = 'cancelled', next_step_at = NULL"),
        ("ended_has_no_step", "state = 'cancelled', finished_at = now()"),
        ("living_has_step", "next_step_at = NULL"),
        ("ended_has_no_claim", f"state = 'cancelled', {ENDED}, {CLAIMED}"),
        ("submitted_has_platform_id", "state = 'tracking', platform_training_file = 'p'"),
        ("submitted_has_platform_id", "state = 'collecting', platform_training_file = 'p'"),
        (
            "submitted_has_platform_id",
            f"state = 'succeeded', platform_training_file = 'p', fine_tuned_model = 'm', {ENDED}",
        ),
        ("unsubmitted_has_no_platform_id", "platform_job_id = 'p'"),
        ("unsubmitted_has_no_platform_id", "state = 'held', platform_job_id = 'p'"),
        ("unsubmitted_has_no_platform_id", "state = 'uploading', platform_job_id = 'p'"),
        ("submitting_has_platform_file", "state = 'submitting'"),
        ("submitting_has_platform_file", "state = 'tracking', platform_job_id = 'p'"),
        ("success_has_model", "fine_tuned_model = 'm'"),
        (
            "success_has_model",
            f"state = 'succeeded', platform_training_file = 'p', platform_job_id = 'p', {ENDED}",
        ),
        ("failure_has_error", "error_code = 'c', error_message = 'm'"),
        ("failure_has_error", f"state = 'failed', {ENDED}"),
        ("error_has_message", f"state = 'failed', error_code = 'c', {ENDED}"),
        ("open_while_submitting", "open_submission_id = 'sub_1'"),
        (
            "paused_is_not_submitted",
            "paused_at = now(), state = 'tracking', platform_job_id = 'p', platform_training_file = 'p'",
        ),
        (
            "paused_is_not_submitted",
            "paused_at = now(), open_submission_id = 's', state = 'submitting', platform_training_file = 'p'",
        ),
        ("claim_is_whole", "claimed_until = now()"),
        ("claim_is_whole", "claim_token = gen_random_uuid()"),
        ("seed_range", "seed = -1"),
        ("seed_range", "seed = 2147483648"),
    ],
    "files": [
        ("status_known", "status = 'deleted'"),
        ("purpose_known", "purpose = 'fun'"),
        ("bytes_not_negative", "bytes = -1"),
        ("training_copy_is_whole", "training_blob_key = 'k'"),
        ("training_copy_is_whole", "training_bytes = 1"),
    ],
    "file_reports": [
        ("claim_is_whole", "claimed_until = now()"),
        ("claim_is_whole", "claim_token = gen_random_uuid()"),
        ("finished_is_free", f"finished_at = now(), failure = 'f', {CLAIMED}"),
        ("finished_says_what", "finished_at = now()"),
        ("finished_says_what", "finished_at = now(), examined = '', failure = 'f'"),
        ("attempts_not_negative", "attempts = -1"),
        ("policy_known", "policy = 'maybe'"),
        ("ratio_range", "max_invalid_ratio = -0.1"),
        ("ratio_range", "max_invalid_ratio = 'NaN'"),
    ],
    "create_requests": [
        ("retry_count_not_negative", "last_retry_count = -1"),
        ("fingerprint_is_sha256", "fingerprint = 'short'"),
    ],
    "idempotency_keys": [("key_length", "key = ''"), ("key_length", "key = repeat('k', 256)")],
    "job_events": [
        ("level_known", "level = 'debug'"),
        ("kind_known", "kind = 'note'"),
        ("sequence_positive", "sequence = 0"),
    ],
    "platform_credentials": [
        ("failures_not_negative", "failures = -1"),
        ("refused_says_why", "refused_at = now()"),
        ("refused_is_probed", "refusal = 'no'"),
        ("rate_share_range", "rate_share = 0"),
        ("rate_share_range", "rate_share = 1.01"),
    ],
    "platform_submissions": [
        ("outcome_known", "outcome = 'lost'"),
        ("found_has_job", "outcome = 'created'"),
        ("found_has_job", "platform_job_id = 'p'"),
        ("checks_not_negative", "checks = -1"),
        ("checks_not_negative", "check_tries = -1"),
        ("claim_is_whole", "claimed_until = now()"),
    ],
    "platform_uploads": [
        ("outcome_known", "outcome = 'lost'"),
        ("used_has_file", "outcome = 'used'"),
        ("check_has_reason", "check_at = now()"),
        ("counts_not_negative", "looks = -1"),
        ("counts_not_negative", "doubts = -1"),
    ],
    "projects": [
        ("name_length", "name = ''"),
        ("name_length", "name = repeat('n', 201)"),
        ("previous_secret_expires", "previous_webhook_secret = 's'"),
        ("personal_data_policy_known", "personal_data_policy = 'maybe'"),
    ],
    "api_keys": [("hash_is_sha256", "key_hash = 'short'")],
    "uploads": [
        ("status_known", "status = 'lost'"),
        ("purpose_known", "purpose = 'fine-tune-results'"),
        ("bytes_positive", "bytes = 0"),
        ("file_life_positive", "file_life = interval '0'"),
        ("invalid_ratio_range", "max_invalid_ratio = 1.1"),
        ("expires_later", "expires_at = created_at"),
        ("counts_not_negative", "part_count = -1"),
        ("counts_not_negative", "received = -1"),
        ("counts_not_negative", "attempts = -1"),
        ("claim_is_whole", "claimed_until = now()"),
        ("completing_has_claim", "status = 'completing'"),
        ("completing_has_claim", CLAIMED),
        ("completed_has_file", "file_id = 'file-1'"),
        ("completed_has_file", "status = 'completed', order_sha256 = sha256('o')"),
        ("completed_has_order", "order_sha256 = sha256('o')"),
        ("completed_has_order", "status = 'completed', file_id = 'file-1'"),
        ("swept_has_ended", "swept_at = now()"),
    ],
    "upload_parts": [
        ("bytes_positive", "bytes = 0, md5 = decode(repeat('00', 16), 'hex')"),
        ("arrived_whole", "bytes = 1"),
        ("arrived_whole", "md5 = decode(repeat('00', 16), 'hex')"),
        ("md5_length", "bytes = 1, md5 = 'short'"),
    ],
    "webhook_endpoints": [
        ("shown_has_secret", "hidden = false"),
        ("shown_has_secret", "secret = 's'"),
        ("previous_expires", "previous_secret = 's'"),
        ("disabled_has_reason", "disabled_at = now()"),
        ("failures_not_negative", "failures = -1"),
    ],
    "webhook_deliveries": [
        ("state_known", "state = 'lost', next_attempt_at = NULL"),
        ("pending_has_attempt", "next_attempt_at = NULL"),
        ("pending_has_attempt", "state = 'exhausted'"),
        ("delivered_has_time", "state = 'delivered', next_attempt_at = NULL"),
        ("delivered_has_time", "delivered_at = now()"),
        ("claim_is_whole", "claim_token = gen_random_uuid()"),
        ("schedule_starts_within", "schedule_start = 1"),
        ("schedule_starts_within", "schedule_start = -1"),
        ("crashes_not_negative", "crashes = -1"),
    ],
}
CASES = [(table, f"ck_{table}_{name}", change) for table, cases in ILLEGAL.items() for name, change in cases]


@pytest.mark.parametrize(("table", "constraint", "change"), CASES)
async def test_an_illegal_row_is_refused(
    rows: asyncpg.Connection, table: str, constraint: str, change: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await rows.execute(f"UPDATE {table} SET {change}")  # noqa: S608 - constants of this file
    assert refused.value.constraint_name == constraint


async def test_every_check_of_the_schema_is_in_the_list(rows: asyncpg.Connection) -> None:
    query = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
    assert {row["conname"] for row in await rows.fetch(query)} == {constraint for _, constraint, _ in CASES}


LEGAL = {
    "received": "state = 'received'",
    "held": "state = 'held'",
    "uploading": f"state = 'uploading', {CLAIMED}",
    "submitting": "state = 'submitting', platform_training_file = 'p', open_submission_id = 'sub_1'",
    "tracking": "state = 'tracking', platform_training_file = 'p', platform_job_id = 'p'",
    "collecting": "state = 'collecting', platform_training_file = 'p', platform_job_id = 'p'",
    "succeeded": f"state = 'succeeded', platform_training_file = 'p', platform_job_id = 'p',"
    f" fine_tuned_model = 'm', {ENDED}",
    "failed": FAILED,
    "cancelled": f"state = 'cancelled', {ENDED}",
}


@pytest.mark.parametrize("state", list(JobState))
async def test_every_state_has_a_legal_row(rows: asyncpg.Connection, state: JobState) -> None:
    transaction = rows.transaction()
    await transaction.start()
    try:
        await rows.execute(f"UPDATE jobs SET {LEGAL[state]}")  # noqa: S608 - constants of this file
        assert await rows.fetchval("SELECT state FROM jobs") == state
    finally:
        await transaction.rollback()


async def states_of(rows: asyncpg.Connection, constraint: str) -> set[str]:
    query = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1"
    return set(re.findall(r"'([a-z]+)'::text", await rows.fetchval(query, constraint)))


async def test_the_states_that_postgres_takes_are_those_of_the_state_machine(
    rows: asyncpg.Connection,
) -> None:
    assert await states_of(rows, "ck_jobs_state_known") == {state.value for state in EDGES}
    terminal = {state.value for state in TERMINAL}
    for constraint in ("ended_has_finish", "ended_has_no_step", "living_has_step", "ended_has_no_claim"):
        assert await states_of(rows, f"ck_jobs_{constraint}") == terminal


UNIQUE = {
    "uq_platform_files_shared": """
        INSERT INTO platform_files (id, file_id, credential_id, platform_file_id)
        VALUES ('pf_2', 'file-1', 'cred_1', 'file-p2')""",
    "uq_job_events_platform_event": """
        INSERT INTO job_events (job_id, sequence, message, platform_event_id)
        VALUES ('ftjob-1', 2, 'm', 'e'), ('ftjob-1', 3, 'm', 'e')""",
    "uq_webhook_endpoints_hidden": """
        INSERT INTO webhook_endpoints (id, project_id, name, url, hidden, event_types)
        VALUES ('we_2', 'proj_1', 'hook', 'https://example.com/', true, '[]')""",
    "uq_webhook_deliveries_event_id_endpoint_id": """
        INSERT INTO webhook_deliveries (id, event_id, endpoint_id, body)
        VALUES ('wh_2', 'evt_1', 'we_1', '')""",
    "uq_webhook_events_object_id_sequence": """
        INSERT INTO webhook_events (id, project_id, type, object_id, sequence)
        VALUES ('evt_2', 'proj_1', 't', 'ftjob-1', 2)""",
}


@pytest.mark.parametrize(("index", "statement"), UNIQUE.items())
async def test_what_there_may_be_only_one_of(rows: asyncpg.Connection, index: str, statement: str) -> None:
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await rows.execute(statement)
    assert refused.value.constraint_name == index
