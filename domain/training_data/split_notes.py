"""What to tell about a division that is not as one might expect."""

from collections.abc import Iterator

from domain.training_data.findings import Finding


def notes_on(*, wanted: int, validation: int, repeated: int, small: int, unseen: int) -> tuple[Finding, ...]:
    """Return the notes.

    Args:
        wanted: How many examples were to validate with.
        validation: How many there are.
        repeated: How many questions more than one example asks.
        small: How many strata have one question only.
        unseen: How many strata, the small ones counted as one, have nothing to validate with.
    """
    return tuple(_notes(wanted, validation, repeated, small, unseen))


def _notes(wanted: int, validation: int, repeated: int, small: int, unseen: int) -> Iterator[Finding]:
    if repeated:
        yield Finding(
            code="repeated_questions",
            message=f"{repeated} questions occur more than once; their examples are on the same side.",
            message_zh=f"有 {repeated} 个问题重复出现,相同问题的样本已放在同一侧。",
            fix="Nothing needs to be done; remove duplicates if they are not meant.",
            fix_zh="无需处理;如果并非有意重复,请去重。",
            count=repeated,
        )
    if abs(validation - wanted) > 1:
        yield Finding(
            code="share_not_met",
            message=f"{validation} examples are to validate with instead of {wanted}, as repeated questions "
            "stay together.",
            message_zh=f"验证集有 {validation} 条样本,而不是 {wanted} 条,因为重复的问题必须放在一起。",
            fix="Remove duplicates, or choose another share.",
            fix_zh="请去重,或调整验证集比例。",
        )
    if small:
        yield Finding(
            code="small_strata",
            message=f"{small} kinds of example have one question only and were divided as one kind.",
            message_zh=f"有 {small} 类样本各只有一个问题,已合并为一类进行划分。",
            fix="Add examples of these kinds if the validation shall speak for them.",
            fix_zh="如果希望验证集能代表这些类别,请为它们补充样本。",
            count=small,
        )
    if unseen:
        yield Finding(
            code="strata_not_validated",
            message=f"{unseen} kinds of example are only trained on: the share is too small for them.",
            message_zh=f"有 {unseen} 类样本只出现在训练集中:验证集比例太小,未能覆盖。",
            fix="Add examples or raise the share.",
            fix_zh="请补充样本,或提高验证集比例。",
            count=unseen,
        )
