import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from domain.errors import InvalidRequest
from domain.events import (
    EVENT_TYPES,
    JOB_ENDED,
    check_event_type,
    check_event_types,
    job_ended_body,
    sample_body,
)
from domain.job_state import TERMINAL, JobState
from domain.jobs import Job

NOW = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
MOST = 20_000
"""Bytes a webhook's body may have, by Standard Webhooks."""


def ended(**columns: Any) -> Job:
    known = {
        "id": "ftjob-1",
        "model": "qwen3-32b",
        "training_file_id": "file-1",
        "state": JobState.SUCCEEDED,
        "fine_tuned_model": "ft:qwen3-32b:org::1",
        "sequence": 7,
        **columns,
    }
    return Job(**{field.name: known.get(field.name) for field in fields(Job)})


def body_of(job: Job, *, now: datetime = NOW) -> dict[str, Any]:
    event_type = JOB_ENDED[job.state]
    return dict(json.loads(job_ended_body(job, event_id="evt_1", event_type=event_type, now=now)))


def test_every_end_has_a_type_and_the_types_are_openais() -> None:
    assert set(JOB_ENDED) == TERMINAL
    assert set(EVENT_TYPES) == {
        "fine_tuning.job.succeeded",
        "fine_tuning.job.failed",
        "fine_tuning.job.cancelled",
    }


def test_the_body_has_openais_time_and_standard_webhooks_time() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=8)))
    for now in (NOW, there):
        body = body_of(ended(), now=now)
        assert body["created_at"] == 1_772_366_400
        assert body["timestamp"] == "2026-03-01T12:00:00.123Z"
    assert (body["id"], body["object"], body["type"]) == ("evt_1", "event", "fine_tuning.job.succeeded")


def test_the_payload_is_enough_to_act_on() -> None:
    failed = ended(
        state=JobState.FAILED,
        fine_tuned_model=None,
        error_code="training_failed",
        error_message="The loss is no longer a number.",
        metadata={"team": "客服"},
    )
    told = body_of(failed)["data"]
    assert (told["id"], told["status"], told["fine_tuned_model"]) == ("ftjob-1", "failed", None)
    error = {"code": "training_failed", "message": "The loss is no longer a number.", "param": None}
    assert told["error"] == error
    assert told["metadata"] == {"team": "客服"}
    assert told["sequence"] == 7


def metadata_of(character: str) -> dict[str, str]:
    return {f"{number:x}".ljust(64, character): character * 512 for number in range(16)}


@pytest.mark.parametrize("character", ["a", "é", "中", "😀", '"', "\x01"])
def test_the_body_stays_under_20_kb_whatever_a_client_may_send(character: str) -> None:
    job = ended(
        metadata=metadata_of(character),
        error_code="platform_job_failed",
        error_message=character * 8000,
        state=JobState.FAILED,
        fine_tuned_model=None,
    )
    body = job_ended_body(job, event_id="evt_1", event_type="fine_tuning.job.failed", now=NOW)
    assert len(body) < MOST
    told = json.loads(body)["data"]
    assert told["error"]["message"].startswith(character * 100)
    assert told["metadata"] in (dict(job.metadata or {}), None)


def test_metadata_at_its_maximum_is_told_where_it_fits() -> None:
    metadata = metadata_of("a")
    assert body_of(ended(metadata=metadata))["data"]["metadata"] == metadata


@pytest.mark.parametrize("state", JOB_ENDED)
def test_a_sample_has_the_keys_of_a_real_event_and_says_that_it_is_a_test(state: JobState) -> None:
    error = {"error_code": "c", "error_message": "m"} if state is JobState.FAILED else {}
    real = body_of(ended(state=state, **error))
    sample = json.loads(sample_body(event_type=JOB_ENDED[state], event_id="evt_2", job_id="ftjob-2", now=NOW))
    assert set(sample) == set(real)
    assert set(sample["data"]) == {*real["data"], "test"}
    assert sample["data"]["test"] is True
    for key in ("object", "created_at", "timestamp", "type"):
        assert sample[key] == real[key]
    assert sample["data"]["status"] == real["data"]["status"]
    assert type(sample["data"]["error"]) is type(real["data"]["error"])


def test_event_types_are_kept_once_each_in_the_order_they_came() -> None:
    one, two, three = EVENT_TYPES
    assert check_event_types([three, one, three, two, one], param="event_types") == (three, one, two)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fine_tuning.job.canceled", "Did you mean 'fine_tuning.job.cancelled'?"),
        ("Fine_tuning.job.suceeded", "Did you mean 'fine_tuning.job.succeeded'?"),
        ("x", f"There are {', '.join(EVENT_TYPES)}."),
    ],
)
def test_an_unknown_type_is_answered_with_the_nearest(name: str, words: str) -> None:
    with pytest.raises(InvalidRequest, match="There is no event type") as refused:
        check_event_type(name, param="event_type")
    assert repr(name) in refused.value.message
    assert refused.value.message.endswith(words)
