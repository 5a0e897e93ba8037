"""The rules about hyperparameters, as a table in the order in which the guide would have one act on them.

First what over-fits (epochs, learning rate, rank), then settings that do not go together. Each text is filled
from `Facts.words`; `{remedies}` is what `risks.remedies` makes of the facts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from domain.plan.facts import Facts, steps_in_all
from domain.plan.words import Words
from domain.presets import FORMS, PRESETS, size_of

# Ours: over half as much again as the preset is many epochs, over twice the preset a high rank. What the
# guide's client sends when nobody says anything stays below both for every size.
_MANY_EPOCHS: Final = 1.5
_HIGH_RANK: Final = 2
# Ours: with fewer steps the learning rate hardly has time to rise and fall.
_FEWEST_STEPS: Final = 10
_STEADY: Final[Mapping[str, float]] = PRESETS[size_of(None)]
"""What the guide takes first; who has less of one does not have much of both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One risk: when it is there, what is said, and which hyperparameters that says enough about."""

    code: str
    applies: Callable[[Facts], bool]
    message: Words
    fix: Words
    about: tuple[str, ...] = ()


def _many_epochs(facts: Facts) -> bool:
    return facts.value("n_epochs") > _MANY_EPOCHS * facts.advised("n_epochs")


def _high_rate_many_epochs(facts: Facts) -> bool:
    """Tell whether rate and epochs together exceed the most of both that the guide calls sensible."""
    rate, epochs = facts.value("learning_rate"), facts.value("n_epochs")
    both = rate >= _STEADY["learning_rate"] and epochs >= _STEADY["n_epochs"]
    return both and rate * epochs > FORMS["learning_rate"].most * FORMS["n_epochs"].most


def _high_rank(facts: Facts) -> bool:
    return not facts.is_large and facts.value("lora_r") > _HIGH_RANK * facts.advised("lora_r")


def _batch_too_large(facts: Facts) -> bool:
    return facts.value("batch_size") > max(facts.examples, facts.advised("batch_size"))


def _few_steps(facts: Facts) -> bool:
    """Tell whether there are few steps, and fewer than the guide's preset would make of the same data."""
    fewest = min(_FEWEST_STEPS, steps_in_all(facts.examples, facts.preset))
    return not _batch_too_large(facts) and facts.steps < fewest


RULES: Final = (
    Rule(
        code="many_epochs_few_examples",
        applies=lambda facts: not facts.is_large and _many_epochs(facts),
        message=Words(
            "{n_epochs} epochs on {examples} examples: the model may learn them by heart (over-fitting).",
            "在 {examples} 条样本上训练 {n_epochs} 轮:模型可能把样本背下来(过拟合)。",
        ),
        fix=Words("In this order: {remedies}.", "按以下顺序调整:{remedies}。"),
        about=("n_epochs",),
    ),
    Rule(
        code="many_epochs_much_data",
        applies=lambda facts: facts.is_large and _many_epochs(facts),
        message=Words(
            "{n_epochs} epochs on {examples} examples: with this much data fewer are enough, and each "
            "one more costs the same again.",
            "在 {examples} 条样本上训练 {n_epochs} 轮:数据量大时较少的轮数就已足够,"
            "而每多一轮都要多付一轮的费用。",
        ),
        fix=Words(
            "Use n_epochs {preset_n_epochs}, the guide's preset for this size.",
            "将 n_epochs 设为 {preset_n_epochs},即指南为此规模给出的预设。",
        ),
        about=("n_epochs",),
    ),
    Rule(
        code="high_learning_rate_many_epochs",
        applies=_high_rate_many_epochs,
        message=Words(
            "A learning rate of {learning_rate} over {n_epochs} epochs: together they change the model so "
            "much that it may over-fit or forget what it could do.",
            "学习率 {learning_rate} 配合 {n_epochs} 轮训练:两者叠加对模型改动过大,"
            "可能导致过拟合或遗忘原有能力。",
        ),
        fix=Words(
            "Fewer epochs first; the guide's presets for this size are n_epochs {preset_n_epochs} and "
            "learning_rate {preset_learning_rate}.",
            "先减少训练轮数;指南为此规模给出的预设是 n_epochs {preset_n_epochs}、"
            "learning_rate {preset_learning_rate}。",
        ),
        about=("learning_rate",),
    ),
    Rule(
        code="high_rank_few_examples",
        applies=_high_rank,
        message=Words(
            "lora_r {lora_r} on {examples} examples: so many trainable weights can hold the examples "
            "themselves (over-fitting).",
            "在 {examples} 条样本上使用 lora_r {lora_r}:可训练的参数过多,足以记住样本本身(过拟合)。",
        ),
        fix=Words("In this order: {remedies}.", "按以下顺序调整:{remedies}。"),
        about=("lora_r",),
    ),
    Rule(
        code="alpha_not_twice_rank",
        applies=lambda facts: facts.value("lora_alpha") != 2 * facts.value("lora_r"),
        message=Words(
            "lora_alpha {lora_alpha} is not twice lora_r {lora_r}: what is learned is scaled by alpha / r, "
            "so the learning rate does not act as the guide's figures assume.",
            "lora_alpha {lora_alpha} 不是 lora_r {lora_r} 的两倍:学到的更新按 alpha / r 缩放,"
            "因此学习率的实际效果与指南中的数值不符。",
        ),
        fix=Words(
            "Leave lora_alpha out, or send twice lora_r.", "不要发送 lora_alpha,或将其设为 lora_r 的两倍。"
        ),
    ),
    Rule(
        code="batch_larger_than_data",
        applies=_batch_too_large,
        message=Words(
            "A batch of {batch_size} is larger than the {examples} examples there are: an epoch is one step.",
            "batch_size {batch_size} 大于样本总数 {examples}:每轮只有一步。",
        ),
        fix=Words(
            "Use batch_size {preset_batch_size}, the guide's preset for this size.",
            "将 batch_size 设为 {preset_batch_size},即指南为此规模给出的预设。",
        ),
        about=("batch_size",),
    ),
    Rule(
        code="few_steps",
        applies=_few_steps,
        message=Words(
            "The whole job has {steps} steps: too few for the model to learn much.",
            "整个任务只有 {steps} 步:步数太少,模型学不到多少东西。",
        ),
        fix=Words(
            "Use a smaller batch_size or more epochs; the guide's preset is batch_size {preset_batch_size} "
            "and n_epochs {preset_n_epochs}.",
            "减小 batch_size 或增加轮数;指南的预设为 batch_size {preset_batch_size}、"
            "n_epochs {preset_n_epochs}。",
        ),
    ),
)
"""About hyperparameters together with each other or with the size of the data."""
