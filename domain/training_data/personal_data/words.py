"""What a reader is told about each kind, in English and Chinese."""

from collections.abc import Mapping
from typing import Final

from domain.training_data.personal_data.kinds import Kind

# One, several, Chinese with its measure word.
_NOUNS: Final[dict[Kind, tuple[str, str, str]]] = {
    Kind.CN_RESIDENT_ID: ("Chinese resident ID number", "Chinese resident ID numbers", "个身份证号码"),
    Kind.BANK_CARD: ("bank card number", "bank card numbers", "个银行卡号"),
    Kind.PHONE_NUMBER: ("phone number", "phone numbers", "个电话号码"),
    Kind.EMAIL_ADDRESS: ("e-mail address", "e-mail addresses", "个电子邮箱地址"),
    Kind.SECRET: ("secret", "secrets", "个密钥或密码"),
}
_LEARNED: Final = (
    "A model can repeat what it was trained on. Remove them or put made-up ones in their place; with "
    "the policy 'redact', Tuneward puts placeholders such as {placeholder} there before training."
)
_LEARNED_ZH: Final = (
    "模型可能会复述训练数据中的内容。请删除或改用虚构的内容;将策略设为 'redact' 后,"
    "Tuneward 会在训练前将其替换为 {placeholder} 这样的占位符。"
)
_LEAKED: Final = " A secret that was in a file should also be revoked and replaced."
_LEAKED_ZH: Final = "出现在文件中的密钥还应当作废并更换。"


def counted(by_kind: Mapping[Kind | str, int]) -> tuple[str, str]:
    """Return "2 phone numbers, 1 secret" and the same in Chinese, in the order of the kinds."""
    counts = [(kind, by_kind[kind]) for kind in Kind if by_kind.get(kind)]
    english = ", ".join(f"{count} {_NOUNS[kind][0 if count == 1 else 1]}" for kind, count in counts)
    return english, "、".join(f"{count} {_NOUNS[kind][2]}" for kind, count in counts)


def message(kind: Kind, count: int, detail: tuple[str, str]) -> tuple[str, str]:
    """Return what is in the file; `detail` names the sorts of secret in both languages, or is empty."""
    english, chinese = counted({kind: count})
    named, named_zh = (f" ({detail[0]})", f" ({detail[1]})") if detail[0] else ("", "")
    return (
        f"The file holds {english}{named}; training data should hold no personal data and no secrets.",
        f"文件中有 {chinese}{named_zh};训练数据不应包含个人信息和密钥。",
    )


def fix(kind: Kind, placeholder: str) -> tuple[str, str]:
    """Return the advice; `placeholder` is one that would be put into this file."""
    leaked, leaked_zh = (_LEAKED, _LEAKED_ZH) if kind is Kind.SECRET else ("", "")
    return (
        _LEARNED.format(placeholder=placeholder) + leaked,
        _LEARNED_ZH.format(placeholder=placeholder) + leaked_zh,
    )
