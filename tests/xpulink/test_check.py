"""What a check finds out about a platform, and what it leaves as it was."""

from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from simulator.options import Options
from simulator.server import serving
from xpulink.check import shapes
from xpulink.check.asking import Asker, Places
from xpulink.check.reading import look
from xpulink.check.report import Report
from xpulink.check.trying import Trial, attempt

KEY = "xpulink-simulator-key"
LINES = (
    orjson.dumps({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]})
    + b"\n"
)
TRIAL = Trial("train.jsonl", LINES * 20, "qwen3-32b")
ALL_THERE = {
    "list jobs", "has_more", "paging by after", "retrieve a job", "missing job is 404", "error envelope",
    "OpenAI's statuses", "OpenAI's job fields", "list files", "events", "checkpoints", "file content",
    "cancel a job", "list models", "chat", "whole answers", "request ids", "path prefix",
    "metadata comes back",
}  # fmt: skip


async def checked(
    start: Any,
    *quirks: str,
    jobs: int = 2,
    base: str = "/v1",
    key: str = KEY,
    trial: Trial | None = None,
    places: Places = Places(),  # noqa: B008 - frozen
    faults: tuple[str, ...] = (),
) -> tuple[Report, dict[str, Any]]:
    """Check a platform that has some jobs; return the report, and the platform's ledger."""
    url = await start.enter(serving(Options(job_seconds=0, faults=faults)))
    root = url.removesuffix("/v1")
    async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {KEY}"}) as http:
        if jobs:
            files = {"file": ("t.jsonl", TRIAL.content)}
            file = (await http.post("/files", data={"purpose": "fine-tune"}, files=files)).json()["id"]
        for _ in range(jobs):
            body = {"model": "qwen3-32b", "training_file": file, "metadata": {"tuneward": "sub_1"}}
            (await http.post("/fine_tuning/jobs", json=body)).raise_for_status()
        (await http.post(f"{root}/simulator/quirks", json={"quirks": quirks})).raise_for_status()
        asker = Asker(root + base, key, places, timedelta(seconds=5))
        try:
            report = await look(asker)
            if trial is not None:
                await attempt(asker, report, trial)
        finally:
            await asker.aclose()
        await http.post(f"{root}/simulator/quirks", json={"quirks": []})
        ledger = (await http.get(f"{root}/simulator/ledger")).json()
    return report, ledger


def of(report: Report) -> dict[str, tuple[str, str]]:
    return {found.capability: (found.verdict.value, found.note) for found in report.findings}


def having(report: Report, verdict: str) -> set[str]:
    return {name for name, (said, _) in of(report).items() if said == verdict}


async def test_a_platform_in_a_good_mood_has_everything_and_nothing_is_changed_on_it(start: Any) -> None:
    report, ledger = await checked(start)
    assert having(report, "yes") == ALL_THERE
    assert having(report, "unknown") == {"upload a file", "create a job", "takes metadata"}
    assert (report.usable, report.problem, report.settings) == (True, None, {})
    assert (ledger["counts"]["create"], ledger["counts"]["upload"]) == (2, 1)
    assert {job["status"] for job in ledger["jobs"]} == {"succeeded"}
    assert "delete" not in "".join(ledger["counts"])


async def test_what_public_material_does_not_prove_is_found_missing(start: Any) -> None:
    report, _ = await checked(start, "proven")
    assert having(report, "no") == {
        "has_more", "paging by after", "list files", "events", "checkpoints", "file content",
        "cancel a job", "list models",
    }  # fmt: skip
    assert of(report)["paging by after"][1] == "it begins anew each time"
    assert report.usable


async def test_a_missing_route_is_told_from_a_missing_object_where_no_job_is_there_to_ask_about(
    start: Any,
) -> None:
    report, _ = await checked(start, "no_events", "no_cancel_405", jobs=0)
    found = of(report)
    assert found["events"] == ("no", "answers 404")
    assert found["checkpoints"] == ("yes", "it knows that there is no such object")
    assert found["cancel a job"] == ("no", "answers 405")
    assert (found["retrieve a job"][0], found["OpenAI's statuses"][0]) == ("unknown", "unknown")


async def test_how_answers_differ_is_said_in_words(start: Any) -> None:
    report, _ = await checked(
        start,
        "status_upper",
        "fields_missing",
        "numbers_as_strings",
        "error_on_success",
        "list_bare",
        "file_bare",
    )
    found = of(report)
    assert found["OpenAI's statuses"] == ("no", "seen: SUCCEEDED; SUCCEEDED is read as succeeded")
    says = found["OpenAI's job fields"][1]
    for odd in (
        "no organization_id (2 of 2)",
        "created_at is text (2 of 2)",
        "error is empty object (2 of 2)",
    ):
        assert odd in says
    assert found["list jobs"] == ("yes", "2 shown; a bare array")
    assert found["has_more"][0] == "no"


async def test_answers_that_break_now_and_then_are_counted_and_not_taken_for_the_platforms_word(
    start: Any,
) -> None:
    report, _ = await checked(start, "html_200", "html_502", "truncated", "length_twice", "no_http")
    assert having(report, "no") == {"whole answers"}
    assert "answers 502 with a web page" in of(report)["whole answers"][1]


@pytest.mark.parametrize(
    ("quirk", "base", "settings"),
    [
        (
            "only_v1_v1",
            "/v1",
            {
                "TUNEWARD_XPULINK_FILES_PATH": "/v1/files",
                "TUNEWARD_XPULINK_JOBS_PATH": "/v1/fine_tuning/jobs",
                "TUNEWARD_XPULINK_MODELS_PATH": "/v1/models",
                "TUNEWARD_XPULINK_CHAT_PATH": "/v1/chat/completions",
            },
        ),
        ("only_v1_v1", "", {"XPULINK_BASE_URL": "/v1", "TUNEWARD_XPULINK_JOBS_PATH": "/v1/fine_tuning/jobs"}),
        ("files_under_v1_v1", "/v1", {"TUNEWARD_XPULINK_FILES_PATH": "/v1/files"}),
        ("only_bare", "/v1", {"XPULINK_BASE_URL": ""}),
    ],
)
async def test_paths_under_another_prefix_are_found_and_the_settings_for_them_work(
    start: Any, quirk: str, base: str, settings: dict[str, str]
) -> None:
    report, _ = await checked(start, quirk, base=base)
    root = report.base_url.removesuffix(base)
    expected = {
        name: root + value if name == "XPULINK_BASE_URL" else value for name, value in settings.items()
    }
    assert expected.items() <= report.settings.items()
    assert not report.usable
    assert "Set what is named below" in str(report.problem)
    assert of(report)["list jobs"] == ("yes", "2 shown")

    named = {
        name.split("_")[2].lower(): path for name, path in report.settings.items() if name.endswith("PATH")
    }
    base = report.settings.get("XPULINK_BASE_URL", base).removeprefix(root)
    again, _ = await checked(start, quirk, base=base, places=Places(**named))
    assert (again.settings, again.problem, having(again, "no")) == ({}, None, set())


@pytest.mark.parametrize(
    ("key", "base", "says"),
    [("sk-wrong-key", "/v1", "refuses the key (401"), (KEY, "/elsewhere", "Nothing there answers")],
)
async def test_a_platform_that_cannot_be_used_is_said_to_be_so_without_the_key(
    start: Any, key: str, base: str, says: str
) -> None:
    report, _ = await checked(start, key=key, base=base)
    assert not report.usable
    assert says in str(report.problem)
    assert key not in str(report.json())


async def test_a_platform_that_is_not_there_is_said_to_be_so() -> None:
    asker = Asker("http://127.0.0.1:9/v1", KEY, Places(), timedelta(seconds=5))
    report = await look(asker)
    await asker.aclose()
    assert "cannot be reached" in str(report.problem)
    assert report.findings == []


async def test_a_trial_creates_one_job_and_cancels_it(start: Any) -> None:
    report, ledger = await checked(start, "status_pending", jobs=0, trial=TRIAL)
    assert {
        "upload a file",
        "create a job",
        "retrieve a job",
        "takes metadata",
        "metadata comes back",
    } <= having(report, "yes")
    (job,) = ledger["jobs"]
    assert job["metadata"]["tuneward"].startswith("check_")
    assert report.usable


@pytest.mark.parametrize("quirk", ["refuses_metadata", "refuses_metadata_422"])
async def test_a_trial_goes_without_metadata_where_that_is_refused(start: Any, quirk: str) -> None:
    report, ledger = await checked(start, quirk, "no_cancel_501", jobs=0, trial=TRIAL)
    assert of(report)["takes metadata"][0] == "no"
    assert of(report)["metadata comes back"] == ("no", "it is refused")
    (job,) = ledger["jobs"]
    assert job["id"] in of(report)["create a job"][1]
    assert any(job["id"] in warning and "may cost money" in warning for warning in report.warnings)


async def test_a_trial_whose_answer_is_lost_is_not_sent_again(start: Any) -> None:
    report, ledger = await checked(start, jobs=0, trial=TRIAL, faults=("cut_after_accept",))
    assert of(report)["create a job"][0] == "unknown"
    (job,) = ledger["jobs"]
    assert job["metadata"]["tuneward"] in report.warnings[0]
    assert job["training_file"] in report.warnings[0]


async def test_a_trial_that_is_refused_makes_the_platform_unusable(start: Any) -> None:
    report, _ = await checked(start, jobs=0, trial=TRIAL, faults=("file_refused",))
    assert (of(report)["upload a file"][0], report.usable) == ("no", False)


@pytest.mark.parametrize("said", [None, True, 5, 0.5, "text", "", [], {}, [1], {"a": 1}])
def test_any_json_has_a_name_among_the_oddities(said: Any) -> None:
    assert shapes.oddities(shapes.JOB, [said])
    assert shapes.oddities(shapes.JOB, [dict.fromkeys(shapes.JOB, said)])
    assert isinstance(shapes.envelope(said), list)
    assert len(shapes.words([{"status": said}])) == 2
