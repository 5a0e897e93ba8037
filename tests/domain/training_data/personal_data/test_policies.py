"""What a project's policy makes of what was found."""

import pytest

from domain.training_data.personal_data.policies import SENTENCES, Policy, Verdict, verdict

BY_KIND = {"phone_number": 2, "secret": 1}


@pytest.mark.parametrize("policy", Policy)
def test_a_clean_file_may_be_used_whatever_the_policy(policy: Policy) -> None:
    assert verdict(policy, 0, {}) == Verdict(usable=True)


@pytest.mark.parametrize(
    ("policy", "usable", "redact"),
    [("allow", True, False), ("warn", True, False), ("redact", True, True), ("block", False, False)],
)
def test_each_policy_decides(policy: str, usable: bool, redact: bool) -> None:  # noqa: FBT001 - from the table
    decided = verdict(Policy(policy), 3, BY_KIND, [7, 3])
    assert (decided.usable, decided.redact, bool(decided.status)) == (usable, redact, not usable)


def test_a_refusal_names_lines_and_kinds() -> None:
    refused = verdict(Policy.BLOCK, 3, BY_KIND, [7, 3, 3])
    assert refused.status == (
        "Lines 3, 7: 2 phone numbers, 1 secret; the project's policy blocks files with personal data or "
        "secrets. Remove them, or set the policy to 'redact'."
    )
    assert refused.status_zh.startswith("第 3、7 行:2 个电话号码、1 个密钥或密码;项目策略禁止")


@pytest.mark.parametrize(
    ("lines", "english", "chinese"),
    [
        ([], "The file holds 2", "文件中有 2"),
        ([4], "Line 4: 2", "第 4 行:2"),
        (
            range(1, 30),
            "Lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and more: 2",
            "第 1、2、3、4、5、6、7、8、9、10 行等:2",
        ),
    ],
)
def test_lines_are_named_as_far_as_they_are_few(lines: list[int], english: str, chinese: str) -> None:
    refused = verdict(Policy.BLOCK, 3, BY_KIND, lines)
    assert refused.status.startswith(english)
    assert refused.status_zh.startswith(chinese)


def test_every_policy_has_its_sentence_in_both_languages() -> None:
    assert set(SENTENCES) == set(Policy)
    assert all(len(words) == 2 and all(words) for words in SENTENCES.values())
