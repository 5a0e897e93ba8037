"""A plan as a person reads it: what the job would be sent with and why, how long, how much, what is risky."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from cli.data.language import Language, Words, in_script, told
from cli.data.report_page import things, warning_block
from cli.data.showing import padded, painted, table, width, wrapped
from cli.data.source import STANDARD_INPUT
from domain.plan.plan import Plan
from domain.plan.words import number
from domain.training_data.findings import Finding

_MINUTE, _HOUR, _LONG = 60, 3600, 7200
_HEAD: Final = Words("Plan: {model} on {file}", "计划:用 {file} 微调 {model}")
_VALIDATED: Final = Words(", validated with {file}", ",以 {file} 验证")
_HYPERPARAMETERS: Final = Words("Hyperparameters", "超参数")
_COSTS: Final = Words("What it comes to", "预估")
_RISKS: Final = Words("Risks", "风险")
_NO_RISK: Final = Words("Nothing about this plan is known to be risky.", "未发现风险。")
_CREATE: Final = Words(
    "Next: upload the file and create the job; the README shows how.",
    "下一步:上传文件并创建任务,方法见 README。",
)
_ROWS: Final[dict[str, Words]] = {
    "examples": Words("Examples", "样本"),
    "steps": Words("Steps", "步数"),
    "tokens": Words("Tokens", "Token"),
    "time": Words("Time", "时长"),
    "price": Words("Price", "费用"),
}
_EXAMPLES: Final = Words("{training}", "{training} 个")
_EXAMPLES_BOTH: Final = Words(
    "{training} to train on, {validation} to validate with", "训练 {training} 个,验证 {validation} 个"
)
_STEPS: Final = Words(
    "{total}: {per_epoch} in each of {epochs} epochs", "{total} 步:每轮 {per_epoch} 步,共 {epochs} 轮"
)
_TOKENS: Final = Words(
    "{count} in an epoch ({trained} of them learned), {in_all} in all",
    "每轮 {count} 个(其中学习 {trained} 个),共 {in_all} 个",
)
_TIME: Final = Words(
    "{low} to {high}, not counting the wait in the queue ({basis})",
    "{low}至{high},不含排队时间(依据:{basis})",
)
_PRICE: Final = Words("{currency} {low} to {high} ({basis})", "{currency} {low} 至 {high}({basis})")
_NO_PRICE: Final = Words(
    "{basis} Give --prices or TUNEWARD_PRICES to see one.",
    "{basis}设置 --prices 或 TUNEWARD_PRICES 后可显示费用。",
)
_UNITS: Final[dict[str, Words]] = {
    "minutes": Words("{count} min", " {count} 分钟"),
    "hours": Words("{count} h", " {count} 小时"),
}

_ERRORS_SHOWN: Final = 5
_FAULTY: Final = Words(
    "{file} cannot be planned with: {count} to correct first.",
    "{file} 需要先修正 {count} 处问题才能制定计划。",
)
_ALL: Final = Words("All of it: tuneward data check {file}", "查看全部问题:tuneward data check {file}")


def plan_page(
    plan: Plan, leaks: Sequence[Finding], file: str, validation: str | None, language: Language
) -> str:
    """Return the whole page."""
    head = _HEAD.say(language, model=plan.model, file=file)
    if validation is not None:
        head += _VALIDATED.say(language, file=validation)
    blocks = [
        painted(head, "bold"),
        _hyperparameters(plan, language),
        _costs(plan, language),
        _risks([*plan.risks, *leaks], language),
        _CREATE.say(language),
    ]
    return "\n\n".join(blocks)


def _hyperparameters(plan: Plan, language: Language) -> str:
    lines = [painted(_HYPERPARAMETERS.say(language), "bold")]
    wide = max(len(choice.name) for choice in plan.hyperparameters)
    for choice in plan.hyperparameters:
        reason = choice.reason_zh if language is Language.ZH else choice.reason
        _, _, why = reason.partition(":")  # it begins with the value
        head = f"  {choice.name:<{wide}}  {number(choice.value):>6}  "
        lines.append(wrapped(in_script(why.strip(), language), first=head))
    return "\n".join(lines)


def _costs(plan: Plan, language: Language) -> str:
    rows = list(_cost_rows(plan, language))
    heads = [row[0] for row in rows]
    indents = table([[head, ""] for head in heads]).split("\n")
    wide = max(map(width, indents))
    lines = [painted(_COSTS.say(language), "bold")]
    lines += [
        wrapped(text, first=f"{padded(indent, wide)}  ")
        for indent, (_, text) in zip(indents, rows, strict=True)
    ]
    return "\n".join(lines)


def _cost_rows(plan: Plan, language: Language) -> Iterator[tuple[str, str]]:
    for name, words, values in _costs_in_words(plan):
        yield _ROWS[name].say(language), words.say(language, **values)


def _costs_in_words(plan: Plan) -> Iterator[tuple[str, Words, dict[str, Any]]]:
    files, steps, time, price = plan.files, plan.steps, plan.duration, plan.price
    counts = {"training": f"{files.examples:,}", "validation": f"{files.validation_examples or 0:,}"}
    yield "examples", _EXAMPLES if files.validation_examples is None else _EXAMPLES_BOTH, counts
    epochs = steps.total // steps.per_epoch
    yield (
        "steps",
        _STEPS,
        {"total": f"{steps.total:,}", "per_epoch": f"{steps.per_epoch:,}", "epochs": epochs},
    )
    if plan.tokens is not None and plan.tokens_in_all is not None:
        count, trained = f"{plan.tokens.count:,}", f"{plan.tokens.trained:,}"
        yield (
            "tokens",
            _TOKENS,
            {"count": count, "trained": trained, "in_all": f"{plan.tokens_in_all.high:,}"},
        )
    low, high = (_span(seconds) for seconds in (time.low, time.high))
    yield "time", _TIME, {"low": low, "high": high, "basis": Words(time.basis, time.basis_zh)}
    basis = Words(price.basis, price.basis_zh)
    if price.low is None:
        yield "price", _NO_PRICE, {"basis": basis}
    else:
        yield (
            "price",
            _PRICE,
            {"currency": price.currency, "low": price.low, "high": price.high, "basis": basis},
        )


def _span(seconds: int) -> Words:
    """Return a time in words; from two hours on in hours."""
    if seconds < _LONG:
        count, words = f"{max(1, round(seconds / _MINUTE))}", _UNITS["minutes"]
    else:
        count, words = f"{seconds / _HOUR:.3g}", _UNITS["hours"]
    return Words(words.en.format(count=count), words.zh.format(count=count))


def _risks(findings: Sequence[Finding], language: Language) -> str:
    if not findings:
        return painted(_NO_RISK.say(language), "good")
    blocks = [painted(_RISKS.say(language), "bold")]
    blocks += [warning_block(asdict(finding), language) for finding in findings]
    return "\n\n".join(blocks)


def faults_page(faults: Sequence[Mapping[str, Any]], file: str, language: Language) -> str:
    """Return why there is no plan: the first faults of the file, and where to see all of them."""
    lines = [
        wrapped(told(fault, "message", language), first="  ", then="    ") for fault in faults[:_ERRORS_SHOWN]
    ]
    more = ["  …"] if len(faults) > _ERRORS_SHOWN else []
    head = _FAULTY.say(language, file=file, count=things(len(faults), language, "fault"))
    name = "FILE" if file == STANDARD_INPUT else shlex.quote(file)
    return "\n".join([head, *lines, *more, _ALL.say(language, file=name)])
