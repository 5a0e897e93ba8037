"""`tuneward data check` on files that can be read."""

import json
from pathlib import Path

import pytest

from samples import SAMPLES, sample
from tests.cli.data.commands import data, example, report_on
from tests.domain.training_data.planted import training_file

WITH_PHONE = example(
    "My phone is 13812345678, call me.", "Done, we call you on 13812345678 tomorrow at nine."
)
CUT = b'{"messages": [{"role": "user"\n'


@pytest.mark.parametrize(("name", "lang"), [(name, lang) for name in SAMPLES for lang in SAMPLES[name]])
def test_a_sample_set_has_nothing_wrong_and_nothing_to_think_about(name: str, lang: str) -> None:
    content = sample(name, lang)
    report = report_on("-", given=content)
    assert report["errors"] == []
    assert report["warnings"] == []
    assert report["summary"]["examples"] >= 60
    assert report["summary"]["tokens"]["exact"]
    assert (report["summary"]["file"], report["summary"]["bytes"]) == ("stdin", len(content))


def test_each_of_200_planted_faults_is_an_error_with_its_place_and_code_and_nothing_else_is(
    tmp_path: Path,
) -> None:
    content, planted = training_file(11, faults=200, lines=1_500)
    (tmp_path / "broken.jsonl").write_bytes(content)
    errors = report_on(tmp_path / "broken.jsonl")["errors"]
    told = {(error["line"], error["message_index"], error["code"]) for error in errors}
    assert told == set(planted)
    assert len(errors) == 200
    assert all(error["message"] and error["fix"] for error in errors)


@pytest.mark.parametrize(
    ("language", "verdict", "left", "next_step"),
    [
        ("en_GB.UTF-8", "cannot be used yet; 200 faults to correct", "and 180 more", "Next: correct"),
        ("zh_CN.UTF-8", "暂时不能使用\uff0c有 200 处需要修正", "另有 180 处", "下一步\uff1a修正文件"),
    ],
)
def test_a_person_is_told_the_verdict_first_and_a_fault_of_every_kind(
    language: str, verdict: str, left: str, next_step: str
) -> None:
    content, planted = training_file(11, faults=200, lines=1_500)
    done = data("check", "-", given=content, language=language)
    first, *_, last = done.out.splitlines()
    assert first.endswith(verdict)
    assert last.startswith(next_step)
    assert left in done.out
    assert {code for _, _, code in planted} <= {word for word in done.out.split() if "_" in word}
    assert (done.code, done.err) == (1, "")


def test_a_clean_file_is_said_to_be_ready_with_its_tokens_as_a_page_of_text() -> None:
    done = data("check", "-", given=sample("customer-service", "en"))
    assert done.out.startswith("stdin: ready to train on\n")
    assert "29,844: 11,759 are learned (answers), 18,085 only read" in done.out
    assert "█" in done.out
    assert "\x1b" not in done.out
    assert done.code == 0


def test_warnings_alone_exit_with_0_and_come_with_advice_and_lines() -> None:
    lines = [example(f"Question {number}?", "Yes.", "You are an assistant.") for number in range(30)]
    done = data("check", "-", given=b"".join(lines), language="en")
    assert done.code == 0
    assert "to think about first" in done.out
    assert "→ Name the role, what it answers" in " ".join(done.out.split())
    assert "For example on lines 1, 2, 3, 4, 5." in done.out


def test_the_language_can_be_asked_for_whatever_the_environment_says() -> None:
    assert data("check", "-", "--lang", "zh", given=b"").out.startswith("stdin\uff1a暂时不能使用")


def test_what_both_files_hold_is_a_warning_with_its_figures(tmp_path: Path) -> None:
    lines = sample("medical").splitlines(keepends=True)
    (tmp_path / "train.jsonl").write_bytes(b"".join(lines))
    (tmp_path / "held_out.jsonl").write_bytes(b"".join(lines[3:5]))
    report = report_on(tmp_path / "train.jsonl", "--validation", tmp_path / "held_out.jsonl")
    assert [warning["code"] for warning in report["warnings"]] == ["validation_leak"]
    leak = report["summary"]["validation_leak"]
    assert (leak["file"], leak["exact"], leak["pairs"]) == ("held_out.jsonl", 2, [[1, 4], [2, 5]])


def test_a_validation_file_with_faults_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "held_out.jsonl").write_bytes(CUT + WITH_PHONE)
    report = report_on("-", "--validation", tmp_path / "held_out.jsonl", given=sample("medical"))
    (error,) = report["errors"]
    assert (error["line"], error["code"]) == (None, "validation_file_unusable")
    assert "held_out.jsonl cannot be used: 1 line of 2" in error["message"]


@pytest.mark.parametrize(("policy", "found"), [("allow", None), ("warn", 2), ("redact", 2)])
def test_personal_data_is_looked_for_unless_it_is_allowed(policy: str, found: int | None) -> None:
    report = report_on("-", "--personal-data", policy, given=WITH_PHONE)
    assert report["summary"].get("personal_data", {}).get("hits") == found
    assert report["summary"]["policy"] == policy


def test_a_line_that_is_no_utf8_keeps_nobody_from_looking_at_the_others() -> None:
    report = report_on("-", given=WITH_PHONE * 3 + b'{"a": "\xff"}\n' + WITH_PHONE)
    (error,) = report["errors"]
    assert (error["line"], error["code"]) == (4, "not_utf8")
    assert error["message_zh"] == "第 4 行不是 UTF-8 编码\uff1a第 8 个字节是 0xff。"
    assert "personal_data.phone_number" in {warning["code"] for warning in report["warnings"]}
    assert report["summary"]["tokens"]["exact"]


def test_a_redaction_is_shown_masked_before_it_is_made(tmp_path: Path) -> None:
    done = data("check", "-", "--redacted", tmp_path / "out.jsonl", given=WITH_PHONE + CUT)
    (row,) = [line.split() for line in done.out.splitlines() if "line 1, message 1" in line]
    assert row[-3:] == ["138****5678", "→", "[PHONE_1]"]
    assert "13812345678" not in done.out
    copy = WITH_PHONE.replace(b"13812345678", b"[PHONE_1]")
    assert (tmp_path / "out.jsonl").read_bytes() == copy
    assert "examples: 1, with placeholders: 1; lines left out as faulty: 1" in done.err
    assert done.code == 1


@pytest.mark.parametrize("content", [b"", CUT, b"PK\x03\x04 and more"])
def test_no_redacted_copy_is_written_of_a_file_with_nothing_to_use(content: bytes, tmp_path: Path) -> None:
    done = data("check", "-", "--redacted", tmp_path / "out.jsonl", given=content)
    assert "was not written" in done.err
    assert done.code == 1
    assert list(tmp_path.iterdir()) == []


def test_the_tokens_of_each_example_come_on_request() -> None:
    given = WITH_PHONE + b"\n" + WITH_PHONE
    counts = report_on("-", "--per-example", given=given)["summary"]["token_counts"]
    assert [row["line"] for row in counts] == [1, 3]
    assert all(0 < row["trained_tokens"] < row["tokens"] for row in counts)
    table = data("check", "-", "--per-example", given=given).out.splitlines()
    assert table[1].split() == ["1", str(counts[0]["tokens"]), str(counts[0]["trained_tokens"])]


def test_how_long_an_example_may_be_depends_on_the_model() -> None:
    long = example("Tell me all.", "word " * 9_000)
    codes = [
        {warning["code"] for warning in report_on("-", "--model", model, given=long)["warnings"]}
        for model in ("qwen3-32b", "llama3-70b")
    ]
    assert ["over_long_examples" in found for found in codes] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.jsonl"], "There is no file 'nowhere.jsonl'."),
        (["-", "--model", "gpt"], "It is not known how much 'gpt' can read at once"),
        (["-", "--validation", "nowhere.jsonl"], "There is no file 'nowhere.jsonl'."),
        (
            ["-", "--redacted", "o.jsonl", "--personal-data", "warn"],
            "--redacted goes with --personal-data redact",
        ),
        (["-", "--redacted", "/nowhere/o.jsonl"], "'/nowhere/o.jsonl' cannot be written: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(arguments: list[str], said: str) -> None:
    done = data("check", *arguments, given=WITH_PHONE)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(said)
    assert done.err.count("\n") == 1


def test_the_json_is_utf8_and_the_only_thing_printed() -> None:
    done = data("check", "-", "--json", given=sample("python-tutor"), language="zh_CN.UTF-8")
    assert set(json.loads(done.out)) == {"errors", "warnings", "summary"}
    assert done.err == ""
