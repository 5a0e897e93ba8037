"""`tuneward data convert` and `build`: what is written, and what is told."""

import json
from pathlib import Path

import pytest

from samples import SAMPLES, sample
from tests.cli.data.commands import Done, data, report_on

FAQ = (
    "id,question,answer\n"
    "1,How do I renew a book?,\"Open 'My Loans' and press 'Renew'.\"\n"
    "2,When are you open?,\n"
    "3,May I bring a dog?,Only assistance dogs.\n"
)


def lines_of(text: str) -> list[list[str]]:
    return [[turn["content"] for turn in json.loads(line)["messages"]] for line in text.splitlines()]


def test_what_can_be_converted_is_written_and_the_rest_is_told_with_exit_code_1() -> None:
    done = data("convert", "-", "--system", "You answer for a library.", given=FAQ.encode())
    assert lines_of(done.out) == [
        ["You answer for a library.", "How do I renew a book?", "Open 'My Loans' and press 'Renew'."],
        ["You answer for a library.", "May I bring a dog?", "Only assistance dogs."],
    ]
    told = " ".join(done.err.split())
    assert "stdin: read as CSV or TSV with a header" in told
    assert "Encoding: UTF-8." in told
    assert "has no place for it: id (2 times)." in told
    assert "1 of 3 records. The record on line 3 has nothing in 'answer'. → Write the text" in told
    assert done.code == 1


def test_it_is_told_in_chinese_where_that_is_the_language() -> None:
    done = data("convert", "-", given=FAQ.encode("gb18030"), language="zh_CN.UTF-8")
    assert "第 3 行的记录的 'answer' 没有内容。" in done.err
    assert "3 条记录中有 1 条无法使用。" in done.err


def test_strict_writes_nothing_where_a_record_cannot_be_used(tmp_path: Path) -> None:
    to_file = data("convert", "-", "--strict", "--to", tmp_path / "out.jsonl", given=FAQ.encode())
    to_stdout = data("convert", "-", "--strict", given=FAQ.encode())
    assert (to_file.code, to_stdout.code, to_stdout.out) == (1, 1, "")
    assert list(tmp_path.iterdir()) == []
    assert "--strict was given" in to_stdout.err


def test_strict_writes_all_where_every_record_can_be_used() -> None:
    whole = FAQ.replace("open?,\n", "open?,At eight.\n").encode()
    done = data("convert", "-", "--strict", given=whole)
    assert (done.code, len(lines_of(done.out))) == (0, 3)


def test_a_converted_file_passes_the_check(tmp_path: Path) -> None:
    done = data("convert", "-", "--to", tmp_path / "out.jsonl", given=FAQ.encode())
    assert done.out == ""
    assert f"Wrote {tmp_path / 'out.jsonl'}; examples: 2." in done.err
    assert report_on(tmp_path / "out.jsonl")["errors"] == []


def test_columns_and_a_delimiter_can_be_named() -> None:
    given = b"frage\tantwort\nWann?\tUm acht.\n"
    done = data(
        "convert", "-", "--columns", "question=frage,answer=antwort", "--delimiter", r"\t", given=given
    )
    assert (done.code, lines_of(done.out)) == (0, [["Wann?", "Um acht."]])


def not_converted(*arguments: str | Path, given: bytes = FAQ.encode()) -> Done:
    done = data("convert", *arguments, given=given)
    assert done.out == ""
    assert done.err.count("\n") == 1
    return done


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--columns", "q=question"], "--columns: 'q=question' is not PART=NAME"),
        (["--delimiter", "ab"], "The delimiter must be one character"),
        (["--system", " "], "The system prompt is blank"),
    ],
)
def test_an_option_that_is_not_possible_is_exit_code_2(options: list[str], said: str) -> None:
    done = not_converted("-", *options)
    assert done.code == 2
    assert done.err.startswith(said)


@pytest.mark.parametrize("given", [b"PK\x03\x04", b"", b"just words\n"])
def test_a_file_of_no_known_format_is_exit_code_1(given: bytes) -> None:
    assert not_converted("-", given=given).code == 1


def test_a_file_is_not_converted_onto_itself(tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text(FAQ)
    done = not_converted(tmp_path / "faq.csv", "--to", tmp_path / "faq.csv")
    assert done.code == 2
    assert (tmp_path / "faq.csv").read_text() == FAQ


def test_the_sample_sets_are_listed_with_their_languages() -> None:
    rows = [line.split()[:2] for line in data("build", "--list").out.splitlines()]
    assert rows == [[name, lang] for name, languages in SAMPLES.items() for lang in languages]


@pytest.mark.parametrize(
    ("options", "language", "lang"),
    [
        (["customer-service"], "C", "en"),
        (["customer-service"], "zh_CN.UTF-8", "zh"),
        (["customer-service", "--lang", "zh"], "C", "zh"),
        (["medical"], "C", "zh"),
    ],
)
def test_a_sample_set_is_written_in_the_language_asked_for_or_else_spoken(
    options: list[str], language: str, lang: str
) -> None:
    done = data("build", "--sample", *options, language=language)
    assert (done.code, done.out.encode()) == (0, sample(options[0], lang))


def test_a_sample_set_that_is_not_written_in_a_language_is_refused() -> None:
    done = data("build", "--sample", "medical", "--lang", "en")
    assert (done.code, done.out) == (2, "")
    assert "is not written in 'en'; it is in zh" in done.err


def test_dialogues_in_plain_text_become_examples() -> None:
    given = "用户:可以续借吗?\n助手:可以续借一次。\n\n用户:你好\n".encode()
    done = data("build", "-", "--system", "您是图书馆的客服。", given=given)
    assert lines_of(done.out) == [["您是图书馆的客服。", "可以续借吗?", "可以续借一次。"]]
    assert "The record on line 4 does not end with an answer" in done.err
    assert done.code == 1


@pytest.mark.parametrize("arguments", [[], ["d.txt", "--sample", "medical"]])
def test_build_wants_either_a_file_or_a_sample_set(arguments: list[str]) -> None:
    done = data("build", *arguments)
    assert done.code == 2
    assert "Name either a text file with dialogues or --sample" in done.err
