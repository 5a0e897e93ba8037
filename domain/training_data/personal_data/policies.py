"""What a project does about personal data and secrets in its training files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.training_data.findings import LINES_SHOWN
from domain.training_data.personal_data.kinds import Kind
from domain.training_data.personal_data.words import counted


class Policy(StrEnum):
    """What happens to a file in which something is found."""

    ALLOW = "allow"
    WARN = "warn"
    REDACT = "redact"
    BLOCK = "block"


# In English and Chinese, for the settings of a project.
SENTENCES: Final[dict[Policy, tuple[str, str]]] = {
    Policy.ALLOW: (
        "Personal data and secrets are not looked for; the file is used as it is.",
        "不检查个人信息和密钥,文件按原样使用。",
    ),
    Policy.WARN: (
        "Personal data and secrets are reported; the file is used as it is.",
        "报告发现的个人信息和密钥,文件按原样使用。",
    ),
    Policy.REDACT: (
        "Personal data and secrets are replaced by placeholders before the file leaves for the platform.",
        "文件发送到平台之前,个人信息和密钥会被替换为占位符。",
    ),
    Policy.BLOCK: (
        "A file with personal data or secrets cannot be used.",
        "含有个人信息或密钥的文件不能使用。",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a file may be used, and whether with placeholders; the texts are empty where it may."""

    usable: bool
    redact: bool = False
    status: str = ""
    status_zh: str = ""


def verdict(
    policy: Policy, hits_total: int, by_kind: Mapping[Kind | str, int], lines: Sequence[int] = ()
) -> Verdict:
    """Return what a policy makes of what was found; `lines` are where, for the text of a refusal."""
    if not hits_total or policy in (Policy.ALLOW, Policy.WARN):
        return Verdict(usable=True)
    if policy is Policy.REDACT:
        return Verdict(usable=True, redact=True)
    english, chinese = counted(by_kind)
    at, at_zh = _places(lines)
    return Verdict(
        usable=False,
        status=(
            f"{at}{english}; the project's policy blocks files with personal data or secrets. "
            "Remove them, or set the policy to 'redact'."
        ),
        status_zh=(
            f"{at_zh}{chinese};项目策略禁止使用含有个人信息或密钥的文件。"
            "请删除这些内容,或将策略设为 'redact'。"
        ),
    )


def _places(lines: Sequence[int]) -> tuple[str, str]:
    if not lines:
        return "The file holds ", "文件中有 "
    shown = sorted(set(lines))[:LINES_SHOWN]
    more, more_zh = (" and more", "等") if len(set(lines)) > LINES_SHOWN else ("", "")
    noun = "Line" if len(shown) == 1 else "Lines"
    return (
        f"{noun} {', '.join(map(str, shown))}{more}: ",
        f"第 {'、'.join(map(str, shown))} 行{more_zh}:",
    )
