"""The rules about the files and the model of a planned job, as a table."""

from typing import Final

from domain.plan.facts import Facts
from domain.plan.rules import Rule
from domain.plan.words import Words

# Ours: holding out a tenth to a fifth is usual; as much as this is training data lost.
_LARGE_VALIDATION: Final = 0.8


def _large_validation(facts: Facts) -> bool:
    return (facts.files.validation_examples or 0) >= _LARGE_VALIDATION * facts.examples


FILE_RULES: Final = (
    Rule(
        code="too_few_examples",
        applies=lambda facts: facts.examples < facts.min_examples,
        message=Words(
            "{examples} examples: fewer than {fewest} are a common cause of failure.",
            "只有 {examples} 条样本:少于 {fewest} 条是微调失败的常见原因。",
        ),
        fix=Words(
            "Write more good examples; from {recommended} on they work well.",
            "请补充高质量样本;达到 {recommended} 条后效果较好。",
        ),
    ),
    Rule(
        code="few_examples",
        applies=lambda facts: facts.min_examples <= facts.examples < facts.recommended_examples,
        message=Words(
            "{examples} examples: enough for a visible effect, not yet for a good one.",
            "{examples} 条样本:能看到效果,但还不足以取得良好效果。",
        ),
        fix=Words(
            "Write more good examples; from {recommended} on they work well.",
            "请补充高质量样本;达到 {recommended} 条后效果较好。",
        ),
    ),
    Rule(
        code="over_long_examples",
        applies=lambda facts: bool(facts.files.over_long_examples),
        message=Words(
            "{over_long} of {examples} examples have more tokens than the model's context holds; they are "
            "likely to be cut, and the answer stands at their end.",
            "{examples} 条样本中有 {over_long} 条超出模型的上下文长度;它们很可能被截断,而回答正好位于末尾。",
        ),
        fix=Words("Shorten them or split them.", "请缩短或拆分这些样本。"),
    ),
    Rule(
        code="no_validation_file",
        applies=lambda facts: facts.is_large and facts.files.validation_examples is None,
        message=Words(
            "There is no validation file for {examples} examples: nothing will show when the model begins to "
            "over-fit.",
            "{examples} 条样本没有配套的验证文件:模型开始过拟合时将无从察觉。",
        ),
        fix=Words(
            "Hold out about a tenth of the examples as validation_file.",
            "留出约十分之一的样本,作为 validation_file 上传。",
        ),
    ),
    Rule(
        code="large_validation_file",
        applies=_large_validation,
        message=Words(
            "The validation file has {validation} examples, the training file {examples}: what is held out "
            "is not learned.",
            "验证文件有 {validation} 条样本,训练文件有 {examples} 条:留作验证的样本不会被学习。",
        ),
        fix=Words(
            "Move examples to the training file; a tenth to a fifth is enough to validate with.",
            "把部分样本移到训练文件中;用十分之一到五分之一的样本做验证就够了。",
        ),
    ),
    Rule(
        code="tuned_again",
        applies=lambda facts: facts.is_tuned,
        message=Words(
            "{model} is a tuned model: tuning it again is discouraged, since it forgets what it was tuned "
            "for first.",
            "{model} 已经过微调:不建议再次微调,模型会遗忘上一次微调所学的内容。",
        ),
        fix=Words(
            "Start from the base model, with the earlier and the new examples in one file.",
            "请从基础模型开始,把以前的样本和新样本合并到一个文件中训练。",
        ),
    ),
)
"""About the files and the model."""
