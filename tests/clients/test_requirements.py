"""What the lists of packages say, and what they leave to whoever installs from them."""

from pathlib import Path

import pytest

from .environments import ROOT

FOLDERS = [ROOT, ROOT / "deploy", ROOT / "tests/clients"]
LISTS = [
    *(file for folder in FOLDERS for file in folder.glob("requirements*.txt")),
    ROOT / "tests/clients/node/package-lock.json",
]


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_a_list_names_hashes_and_no_place_on_the_network(file: Path) -> None:
    text = file.read_text()
    assert "sha256:" in text or "sha512-" in text
    assert "://" not in text


def test_litellm_is_named_exactly() -> None:
    (line,) = [
        line
        for line in (ROOT / "tests/clients/requirements-litellm.in").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert line.startswith("litellm==")
    assert line != "litellm==1.107.0"
