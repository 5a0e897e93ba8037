"""What is risky about a planned job, as findings with advice; none of it keeps the job from being made."""

from collections.abc import Iterator, Sequence
from typing import Final

from domain.plan.facts import Facts
from domain.plan.file_rules import FILE_RULES
from domain.plan.rules import RULES, Rule
from domain.plan.words import Words, number, span
from domain.presets import FORMS, Form
from domain.training_data.findings import Finding


def risks(facts: Facts) -> tuple[Finding, ...]:
    """Return what is risky, in the order of the rules; values out of their ranges between the two tables.

    That a value is not sensible is not said again where a rule says what comes of it.
    """
    combined = [rule for rule in RULES if rule.applies(facts)]
    told = {name for rule in combined for name in rule.about}
    about_files = [rule for rule in FILE_RULES if rule.applies(facts)]
    return (*_findings(combined, facts), *_ranges(facts, told), *_findings(about_files, facts))


def _findings(rules: Sequence[Rule], facts: Facts) -> Iterator[Finding]:
    if not rules:
        return
    words, steps = facts.words(), remedies(facts)
    en, zh = {**words, "remedies": steps.en}, {**words, "remedies": steps.zh}
    for rule in rules:
        yield Finding(
            code=rule.code,
            message=rule.message.en.format_map(en),
            message_zh=rule.message.zh.format_map(zh),
            fix=rule.fix.en.format_map(en),
            fix_zh=rule.fix.zh.format_map(zh),
        )


_REMEDIES: Final = (
    ("n_epochs", 1, Words("fewer epochs", "减少轮数")),
    ("lora_dropout", -1, Words("more dropout", "提高 dropout")),
    ("lora_r", 1, Words("a lower rank", "降低秩")),
)
"""The guide's remedies against over-fitting, in its order; the sign says which way is over the goal."""


def remedies(facts: Facts) -> Words:
    """Return what to do against over-fitting, in the guide's order: only what is left to do."""
    goals = {**facts.preset, "lora_dropout": FORMS["lora_dropout"].most}
    done = []
    for name, sign, words in _REMEDIES:
        now, goal = facts.hyperparameters[name], goals[name]
        if sign * now > sign * goal:
            change = f"{name} {number(now)} → {number(goal)}"
            done.append(Words(f"{words.en} ({change})", f"{words.zh}({change})"))
    done.append(Words("more diverse data", "增加数据的多样性"))
    return Words(", ".join(each.en for each in done), "、".join(each.zh for each in done))


def _ranges(facts: Facts, told: set[str]) -> Iterator[Finding]:
    for name, form in FORMS.items():
        value = facts.value(name)
        if not form.low <= value <= form.high:
            yield _outside_forms(name, number(facts.hyperparameters[name]), form)
        elif form.sensible and name not in told and not form.sensible[0] <= value <= form.sensible[1]:
            yield _outside_sensible(name, number(facts.hyperparameters[name]), form, span(*form.sensible))


def _outside_forms(name: str, value: str, form: Form) -> Finding:
    allowed = span(form.low, form.high)
    return Finding(
        code="outside_guide_forms",
        message=f"{name} {value} is outside of what the platform's own forms allow, {allowed.en}.",
        message_zh=f"{name} {value} 超出平台表单允许的范围({allowed.zh})。",
        fix=f"Use a value from {allowed.en}: {form.advice}.",
        fix_zh=f"请在 {allowed.zh} 之间取值:{form.advice_zh}。",
    )


def _outside_sensible(name: str, value: str, form: Form, sensible: Words) -> Finding:
    return Finding(
        code="outside_sensible_range",
        message=f"{name} {value} is outside of what the platform's guide calls sensible, {sensible.en}.",
        message_zh=f"{name} {value} 超出平台指南认为合理的范围({sensible.zh})。",
        fix=f"Unless you know why, use a value from {sensible.en}: {form.hint}.",
        fix_zh=f"如无特殊原因,请在 {sensible.zh} 之间取值:{form.hint_zh}。",
    )
