"""`tuneward data plan`: the plan of the service, without the service."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.schemas.plans import PlanOut
from samples import sample
from tests.cli.data.commands import data

MEDICAL = sample("medical")


def plan_of(*arguments: str | Path, given: bytes = MEDICAL) -> dict[str, Any]:
    done = data("plan", "-", "--json", *arguments, given=given)
    assert (done.code, done.err) == (0, "")
    plan: dict[str, Any] = json.loads(done.out)
    return plan


def test_the_json_is_what_the_api_answers_with_exact_tokens() -> None:
    plan = plan_of("--epochs", "3", "--prices", "qwen3-32b=CNY 40/Mtoken")
    assert PlanOut.model_validate(plan).model_dump(mode="json") == plan
    assert plan["tokens"]["error"] == 0
    assert plan["tokens"]["in_all_low"] == 3 * plan["tokens"]["count"] == 3 * 26_490
    assert plan["steps"] == {"per_epoch": 32, "total": 96}
    assert (plan["price"]["currency"], plan["training_file"]) == ("CNY", "stdin")


def test_hyperparameters_are_taken_as_the_api_takes_them() -> None:
    plan = plan_of("--hyperparameter", "learning_rate=5e-5", "--hyperparameter", "n_epochs=auto")
    values = {each["name"]: (each["value"], each["source"]) for each in plan["hyperparameters"]}
    assert values["learning_rate"] == (5e-5, "request")
    assert values["n_epochs"] == (5, "preset")


def test_examples_in_both_files_are_a_risk(tmp_path: Path) -> None:
    (tmp_path / "v.jsonl").write_bytes(MEDICAL.splitlines(keepends=True)[0])
    plan = plan_of("--validation", tmp_path / "v.jsonl")
    assert "validation_leak" in {risk["code"] for risk in plan["risks"]}
    assert (plan["validation_examples"], plan["validation_file"]) == (1, "v.jsonl")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("C", ["twice lora_r", "11 min to 30 min", "No price is set for qwen3-32b.", "Steps", "26,490"]),
        (
            "zh_CN.UTF-8",
            ["lora_r 的两倍", "11 分钟至 30 分钟", "没有为 qwen3-32b 设置价格。", "步数", "26,490"],
        ),
    ],
)
def test_a_person_reads_values_with_reasons_time_and_why_there_is_no_price(
    language: str, said: list[str]
) -> None:
    done = data("plan", "-", given=MEDICAL, language=language)
    assert done.code == 0
    assert [words for words in said if words not in done.out] == []


def test_risks_come_with_their_advice() -> None:
    done = data("plan", "-", "--epochs", "9", given=MEDICAL)
    assert "9 epochs on 64 examples" in done.out
    assert "fewer epochs (n_epochs 9 → 5)" in done.out


def test_a_file_with_faults_is_not_planned_with_but_named_with_the_first_of_them() -> None:
    done = data("plan", "-", given=MEDICAL + b"{}\n" * 8)
    assert (done.code, done.out) == (1, "")
    assert "Line 65 has neither" in done.err
    assert "Line 70" not in done.err
    assert "tuneward data check FILE" in done.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--epochs", "0"], "Invalid hyperparameters.n_epochs: 0 is not"),
        (["--epochs", "3", "--hyperparameter", "n_epochs=4"], "--epochs 3 and --hyperparameter n_epochs=4"),
        (["--hyperparameter", "lora_r"], "--hyperparameter: 'lora_r' is not NAME=VALUE"),
        (["--hyperparameter", "rank=8"], "There is no hyperparameter 'rank'."),
        (["--prices", "qwen3-32b=free"], "--prices: 'qwen3-32b=free' is not a price"),
    ],
)
def test_a_wish_that_is_not_possible_is_exit_code_2(options: list[str], said: str) -> None:
    done = data("plan", "-", *options, given=MEDICAL)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(said)
