"""Any JSON as a create's body: refused by name, or a job that the SDK's strict mode takes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai._models import validate_type
from openai.types.fine_tuning import FineTuningJob
from pydantic import ValidationError

from api.schemas.jobs import CreateJob, job_out
from domain import ids
from domain.errors import InvalidRequest
from domain.jobs import NewJob, accepted
from domain.presets import variants

TEXT = st.text(max_size=8) | st.sampled_from(["\x00", "\ud800", "v" * 513, "k" * 65, "auto"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
NUMBERS = st.dictionaries(
    st.sampled_from(["n_epochs", "batch_size", "learning_rate", "learning_rate_multiplier", "lora_r"]),
    st.integers(1, 50) | st.floats(1e-6, 1) | st.just("auto"),
    max_size=3,
)
BODY = st.fixed_dictionaries(
    {"model": st.just("qwen3-32b"), "training_file": st.just("file-1")},
    optional={
        "metadata": st.dictionaries(TEXT, TEXT, max_size=17) | JSON,
        "hyperparameters": NUMBERS | JSON,
        "method": st.fixed_dictionaries(
            {"type": st.just("supervised"), "supervised": st.fixed_dictionaries({"hyperparameters": NUMBERS})}
        )
        | JSON,
        "suffix": JSON,
        "seed": st.integers() | JSON,
        "integrations": st.just([{"type": "wandb", "wandb": {"project": "p"}}]) | JSON,
        "validation_file": JSON,
        "unknown": JSON,
    },
)


def asked_for(body: dict[str, Any]) -> NewJob | None:
    """Return what a body asks for, None if it is refused: never any other error."""
    try:
        return CreateJob.model_validate(body).to_new_job(platform_model="qwen3-32b")
    except (ValidationError, InvalidRequest):
        return None


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(BODY, st.integers(0, 2))
def test_any_body_is_refused_or_becomes_a_job_that_strict_clients_take(
    body: dict[str, Any], size: int
) -> None:
    new = asked_for(body)
    if new is None:
        return
    variant = new.variants[min(size, len(new.variants) - 1)]
    if variant is None:
        return
    job = accepted(
        new,
        job_id=ids.new_id(ids.JOB),
        project_id=ids.new_id(ids.PROJECT),
        credential_id="",
        webhook_endpoint_id=None,
        created_at=datetime.now(UTC),
        variant=variant,
    )
    shown = job_out(job).model_dump(mode="json")
    assert validate_type(type_=FineTuningJob, value=shown).hyperparameters is not None


def test_the_strategies_reach_both_sides() -> None:
    good = {"model": "m", "training_file": "f", "metadata": {"k": "v"}, "hyperparameters": {"n_epochs": 2}}
    new = asked_for(good)
    assert new is not None
    assert new.variants == variants({"n_epochs": 2})
    assert asked_for(good | {"metadata": {"k": "\x00"}}) is None


@pytest.mark.parametrize("metadata", [{}, None, {"": ""}, {"é" * 64: "值" * 512}])
def test_metadata_comes_back_as_it_was(metadata: dict[str, str] | None) -> None:
    new = asked_for({"model": "m", "training_file": "f", "metadata": metadata})
    assert new is not None
    assert new.metadata == metadata
