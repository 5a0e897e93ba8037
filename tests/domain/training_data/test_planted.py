"""Every fault of a file in one pass, and nothing that is none."""

import pytest

from domain.training_data.faults import CODES, Fault
from domain.training_data.structure import StructureCheck
from tests.domain.training_data.planted import KINDS, Planted, training_file

OF_WHOLE_FILES = {"empty_file", "not_text", "no_json", "no_json_begins"}
OF_BYTES = {"not_utf8", "nul_byte", "line_too_long"}
OF_LONG_LINES = {"wrong_shape"}


def faults_of(content: bytes, size: int) -> tuple[Fault, ...]:
    check = StructureCheck(1 << 20)
    for at in range(0, len(content), size):
        check.feed(content[at : at + size])
    return check.finish().faults


@pytest.mark.parametrize("seed", range(5))
def test_each_of_200_planted_faults_is_told_with_its_line_and_nothing_else(seed: int) -> None:
    content, planted = training_file(seed, faults=200, lines=3_000)
    assert len(planted) == 200
    assert len(KINDS) >= 25
    found = faults_of(content, 64 * 1024)
    assert [Planted(fault.line or 0, fault.message_index, fault.code) for fault in found] == planted


def test_each_fault_is_told_and_mended_in_both_languages() -> None:
    content, _ = training_file(1, faults=200, lines=1_000)
    for fault in faults_of(content, 1_000):
        assert fault.message.startswith(f"Line {fault.line}")
        assert fault.message_zh.startswith(f"第 {fault.line} 行")
        assert fault.fix.endswith((".", "}"))
        assert fault.fix_zh.endswith(("。", "}"))
        assert "{" not in fault.message.replace('{"', "")


def test_every_code_but_those_of_bytes_and_whole_files_is_planted() -> None:
    planted = {
        code
        for make in KINDS.values()
        for _, _, code in [make({"role": "user", "content": "a"}, {"role": "assistant", "content": "b"})]
    }
    assert planted == set(CODES) - OF_WHOLE_FILES - OF_BYTES - OF_LONG_LINES


def test_lines_that_are_no_text_are_told_in_the_same_pass() -> None:
    content, planted = training_file(3, faults=40, lines=300)
    lines = content.split(b"\n")
    lines[0:0] = [lines[0], b'{"a": "\xff"}', b"a\0b", b'"' + b"x" * (1 << 20) + b'"']
    told = [(fault.line, fault.code) for fault in faults_of(b"\n".join(lines), 64 * 1024)]
    assert told[:3] == [(2, "not_utf8"), (3, "nul_byte"), (4, "line_too_long")]
    assert told[3:] == [(at.line + 4, at.code) for at in planted]
