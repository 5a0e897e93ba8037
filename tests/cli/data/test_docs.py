"""What docs/training_data.md shows can be done as it stands there."""

import re
from pathlib import Path

import pytest

from samples import sample

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "docs/training_data.md", ROOT / "docs/training_data.zh-CN.md"]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_library_is_used_as_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.jsonl").write_bytes(sample("customer-service", "en"))
    (tmp_path / "faq.csv").write_text("question,answer\nWhen?,At eight.\n")
    (program,) = blocks(PAGES[0], "python")
    found: dict[str, object] = {}
    exec(program, found)  # noqa: S102 - it is ours
    assert found["told"]["errors"] == []  # type: ignore[index]
    assert len(found["examples"]) == 1  # type: ignore[arg-type]
    assert len(found["validation"]) == 6  # type: ignore[arg-type]


def test_both_languages_show_the_same_program_and_commands() -> None:
    english, chinese = PAGES
    assert blocks(english, "python") == blocks(chinese, "python")
    shown = [
        re.findall(r"^\$ (tuneward data \w+)", "".join(blocks(page, "console")), re.MULTILINE)
        for page in PAGES
    ]
    assert shown[0] == shown[1]
    assert {command.split()[-1] for command in shown[0]} == {"check", "convert", "build", "split", "plan"}
