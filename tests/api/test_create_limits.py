"""The limits of each field of a create: a refusal names the parameter, the value and what is allowed."""

from typing import Any

import pytest

from .served import Project, refused

Row = tuple[dict[str, Any], str, tuple[str, ...]]
HYPER = "hyperparameters."


def hyper(name: str, value: Any, allowed: str) -> Row:
    return (
        {"hyperparameters": {name: value}},
        HYPER + name,
        (str(value).lower() if isinstance(value, bool) else repr(value)[:40], allowed),
    )


YES, NO = True, False
TWO_EPOCHS = {"hyperparameters": {"n_epochs": 2}}
DPO = "method.dpo.hyperparameters."
EFFORT = {"grader": {"type": "string_check"}, "hyperparameters": {"reasoning_effort": "max"}}

EPOCHS, BATCH = 'a whole number from 1 to 50 or "auto"', 'a whole number from 1 to 256 or "auto"'
RANK, ALPHA = 'a whole number from 1 to 256 or "auto"', 'a whole number from 1 to 1024 or "auto"'
DROPOUT, MULTIPLIER = 'a number from 0 under 1 or "auto"', "a number over 0"

REFUSED: list[Row] = [
    ({"model": ""}, "model", ("at least 1 character", "''")),
    ({"model": None}, "model", ("valid string",)),
    ({"model": "m" * 257}, "model", ("at most 256 characters", "mmm")),
    ({"training_file": 7}, "training_file", ("valid string", "7")),
    ({"training_file": ""}, "training_file", ("at least 1 character",)),
    ({"validation_file": True}, "validation_file", ("valid string", "true")),
    ({"suffix": ""}, "suffix", ("at least 1 character", "''")),
    ({"suffix": "s" * 65}, "suffix", ("at most 64 characters", "sss")),
    ({"suffix": 1}, "suffix", ("valid string", "1")),
    ({"seed": -1}, "seed", ("greater than or equal to 0", "-1")),
    ({"seed": 2147483648}, "seed", ("less than or equal to 2147483647", "2147483648")),
    ({"seed": True}, "seed", ("valid integer", "true")),
    ({"seed": "1"}, "seed", ("valid integer", "'1'")),
    ({"seed": 1.5}, "seed", ("valid integer", "1.5")),
    ({"metadata": {str(n): "" for n in range(17)}}, "metadata", ("at most 16 items",)),
    ({"metadata": {"k" * 65: "v"}}, "metadata." + "k" * 65, ("at most 64 characters",)),
    ({"metadata": {"k": "v" * 513}}, "metadata.k", ("at most 512 characters", "vvv")),
    ({"metadata": {"k": 1}}, "metadata.k", ("valid string", "1")),
    ({"metadata": ["k"]}, "metadata", ("valid dictionary",)),
    ({"metadata": {"k" * 5000: "v"}}, "metadata." + "k" * 91 + "…", ("at most 64 characters",)),
    ({"integrations": [{"type": "wandb", "wandb": {"project": "p"}}] * 6}, "integrations", ("at most 5",)),
    ({"integrations": [{"type": "mlflow", "wandb": {"project": "p"}}]}, "integrations.0.type", ("'wandb'",)),
    ({"integrations": [{"type": "wandb", "wandb": {}}]}, "integrations.0.wandb.project", ("required",)),
    ({"hyperparameters": []}, "hyperparameters", ("valid dictionary",)),
    hyper("n_epochs", 0, EPOCHS),
    hyper("n_epochs", 51, EPOCHS),
    hyper("n_epochs", 2.5, EPOCHS),
    hyper("n_epochs", YES, EPOCHS),
    hyper("n_epochs", "3", EPOCHS),
    hyper("n_epochs", "Auto", EPOCHS),
    hyper("n_epochs", [3], EPOCHS),
    hyper("n_epochs", 10**40, EPOCHS),
    hyper("batch_size", 0, BATCH),
    hyper("batch_size", 257, BATCH),
    hyper("learning_rate_multiplier", 0, MULTIPLIER),
    hyper("learning_rate_multiplier", -0.5, MULTIPLIER),
    hyper("learning_rate", 0, "a number over 0"),
    hyper("learning_rate", NO, "a number over 0"),
    hyper("lora_r", 0, RANK),
    hyper("lora_r", 257, RANK),
    hyper("lora_r", "auto ", RANK),
    hyper("lora_alpha", 1025, ALPHA),
    hyper("lora_dropout", 1, DROPOUT),
    hyper("lora_dropout", -0.1, DROPOUT),
    ({"method": "supervised"}, "method", ("valid dictionary", "supervised")),
    ({"method": {"type": "magic"}}, "method.type", ("'magic'", "supervised, dpo, reinforcement")),
    ({"method": {"type": ["dpo"]}}, "method.type", ('["dpo"]', "supervised, dpo, reinforcement")),
    ({"method": {"type": "dpo", "dpo": 7}}, "method.dpo", ("7", "object")),
    (
        {"method": {"type": "supervised", "supervised": {"hyperparameters": [1]}}},
        "method.supervised.hyperparameters",
        ("[1]", "object"),
    ),
    (
        {"method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 0}}}},
        "method.supervised.hyperparameters.n_epochs",
        ("0", EPOCHS),
    ),
    (
        {"method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 4}}}} | TWO_EPOCHS,
        "hyperparameters.n_epochs",
        ("is 2", "method.supervised.hyperparameters.n_epochs is 4"),
    ),
    (
        {"hyperparameters": {"learning_rate": 0.5, "learning_rate_multiplier": 2}},
        "hyperparameters.learning_rate",
        ("0.5", "learning_rate_multiplier 2", "0.0002, 0.0001, 4e-05"),
    ),
    (
        # It would be right for a file of 100 examples; this one has twelve.
        {"hyperparameters": {"learning_rate": 1e-4, "learning_rate_multiplier": 2}},
        "hyperparameters.learning_rate",
        ("0.0001", "learning_rate_multiplier 2"),
    ),
    ({"method": {"type": "dpo", "dpo": {"hyperparameters": {"beta": 2.1}}}}, DPO + "beta", ("2.1", "to 2")),
    ({"method": {"type": "reinforcement"}}, "method.reinforcement.grader", ("required",)),
    (
        {"method": {"type": "reinforcement", "reinforcement": EFFORT}},
        "method.reinforcement.hyperparameters.reasoning_effort",
        ("'max'", "one of default, low, medium, high"),
    ),
    ({"webhook_url": 7}, "webhook_url", ("valid string", "7")),
]


@pytest.mark.parametrize(("body", "param", "named"), REFUSED, ids=lambda part: str(part)[:50])
async def test_what_is_out_of_range_is_refused_with_the_range(
    project: Project, body: dict[str, Any], param: str, named: tuple[str, ...]
) -> None:
    answer = await project.create(**body)
    code = "missing_required_parameter" if "required" in named else "invalid_value"
    message = refused(answer, 400, code, param)
    assert param in message
    for part in named:
        assert part in message
    assert len(message) < 500


@pytest.mark.parametrize("missing", ["model", "training_file"])
async def test_a_required_field_that_is_missing_is_named(project: Project, missing: str) -> None:
    body = {"model": "qwen3-32b", "training_file": "x"}
    del body[missing]
    answer = await project.post("/fine_tuning/jobs", json=body)
    assert missing in refused(answer, 400, "missing_required_parameter", missing)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("n_epoch", "n_epochs"),
        ("epochs", "n_epochs"),
        ("lora_rank", "lora_r"),
        ("learningRate", "learning_rate"),
    ],
)
async def test_an_unknown_hyperparameter_is_answered_with_the_nearest(
    project: Project, name: str, nearest: str
) -> None:
    answer = await project.create(hyperparameters={name: 3})
    message = refused(answer, 400, "unknown_parameter", f"hyperparameters.{name}")
    assert f"Did you mean '{nearest}'?" in message


async def test_one_that_resembles_nothing_is_answered_with_all(project: Project) -> None:
    message = refused(
        await project.create(hyperparameters={"??": 1}), 400, "unknown_parameter", "hyperparameters.??"
    )
    assert "n_epochs, batch_size" in message


GUIDE = {"n_epochs", "batch_size", "learning_rate", "lora_r", "lora_alpha", "lora_dropout"}
ALLOWED: list[dict[str, Any]] = [
    {"suffix": "s" * 64, "seed": 0},
    {"suffix": None, "seed": None, "metadata": None, "validation_file": None, "hyperparameters": None},
    {"seed": 2147483647, "metadata": {}},
    {"metadata": {f"{n:064}": "值" * 512 for n in range(16)}, "integrations": []},
    {"hyperparameters": {"n_epochs": 1, "batch_size": 256, "learning_rate_multiplier": 0.001}},
    {"hyperparameters": {"n_epochs": 50, "batch_size": 1, "lora_r": 256, "lora_alpha": 1024}},
    {"hyperparameters": {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}},
    {"hyperparameters": {"lora_dropout": 0, "learning_rate": 1e-9}},
]


@pytest.mark.parametrize("body", ALLOWED, ids=lambda body: str(body)[:50])
async def test_the_ends_of_each_range_are_allowed_and_come_back(
    project: Project, body: dict[str, Any]
) -> None:
    answer = await project.create(**body)
    assert answer.status_code == 200, answer.text
    job = answer.json()
    shown = {name: value for name, value in body.items() if name not in {"suffix", "seed", "hyperparameters"}}
    assert {name: job[name] for name in shown} == shown | (
        {"integrations": None} if "integrations" in shown else {}
    )
    # What was said comes back, and the presets of a small file for what was not.
    said = {name: value for name, value in (body.get("hyperparameters") or {}).items() if value != "auto"}
    assert job["hyperparameters"].items() >= said.items()
    assert set(job["hyperparameters"]) == GUIDE | set(said)
    assert (await project.get(f"/fine_tuning/jobs/{job['id']}")).json() == job
    if body.get("seed") is not None:
        assert job["seed"] == body["seed"]


async def test_only_the_method_s_own_sub_object_counts(project: Project) -> None:
    method = {
        "type": "supervised",
        "supervised": {"hyperparameters": {"n_epochs": 4}},
        "dpo": {"hyperparameters": {"n_epochs": 9, "beta": 0.1}},
        "reinforcement": "whatever",
    }
    job = (await project.create(method=method, hyperparameters={"n_epochs": 4.0, "lora_r": 8})).json()
    assert job["hyperparameters"].items() >= {"n_epochs": 4, "lora_r": 8, "lora_alpha": 16}.items()
    resolved = {"hyperparameters": job["hyperparameters"]}
    assert job["method"] == {"type": "supervised", "supervised": resolved}
    job = (await project.create(method={})).json()
    assert job["method"] == {"type": "supervised"}


async def test_a_training_file_has_to_be_there_be_good_and_be_for_training(
    project: Project, other: Project
) -> None:
    faulty, plain = await project.file(b'{"prompt": 1}\n'), await project.file(b"text", purpose="user_data")
    deleted = await project.file()
    await project.request("DELETE", f"/files/{deleted}")
    for param in ("training_file", "validation_file"):
        for file_id, named in [
            ("file-never", "no file 'file-never'"),
            (await other.training_file(), "no file"),
            (deleted, f"no file '{deleted}'"),
            (faulty, "Line 1"),
            (plain, "purpose 'user_data'"),
        ]:
            answer = await project.create(**{param: file_id})
            assert named in refused(answer, 400, "invalid_training_file", param)
    assert (await project.get("/fine_tuning/jobs")).json()["data"] == []


async def test_a_model_has_to_be_one_of_the_project_s(project: Project) -> None:
    answer = await project.create(model="gpt-5")
    assert "'gpt-5'" in refused(answer, 404, "model_not_found", "model")


URLS = [
    "http://example.com:80/hook\n",
    "https://user:secret@example.com/hook",
    "https://10.0.0.8/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1%25eth0]/hook",
    "https://[::ffff:10.0.0.1]/hook",
    "https://0x7f.1/hook",
    "https://2130706433/hook",
    "http://93.184.216.34/hook",
    "ftp://example.com/hook",
    "/hook",
    "https://",
    "https://example.com/#part",
    "https://example.com:99999/",
]


@pytest.mark.parametrize("url", URLS)
async def test_a_webhook_url_that_may_not_be_reached_is_refused(project: Project, url: str) -> None:
    refused(await project.create(webhook_url=url), 400, "invalid_value", "webhook_url")


@pytest.mark.parametrize("url", ["https://example.com/hook", "http://127.0.0.1:9/hook"])
async def test_a_public_https_url_and_an_allowed_network_are_taken(project: Project, url: str) -> None:
    assert (await project.create(webhook_url=url)).status_code == 200


@pytest.mark.parametrize("seed", ["42.0", "4.2e1"])
async def test_a_number_without_a_fraction_is_an_integer_however_json_writes_it(
    project: Project, seed: str
) -> None:
    body = f'{{"model": "qwen3-32b", "training_file": "{await project.training_file()}", "seed": {seed}}}'
    headers = {"content-type": "application/json"}
    answer = await project.post("/fine_tuning/jobs", content=body.encode(), headers=headers)
    assert answer.json()["seed"] == 42
