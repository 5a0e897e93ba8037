"""A report as a person reads it: verdict, figures, what is wrong, what to think about, what to do next."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cli.data.language import Language, Words, told
from cli.data.showing import bar, painted, shortened, table, width, wrapped
from cli.data.source import STANDARD_INPUT

ERRORS_SHOWN: Final = 20
PREVIEW_SHOWN: Final = 20
_LINES_SHOWN: Final = 5
_names_lines: Final = re.compile(r"\blines? (\d|=)")
_SAID: Final = {
    "good": Words("{name}: ready to train on", "{name}:可以用于训练"),
    "good_mind": Words(
        "{name}: can be trained on; {count} to think about first",
        "{name}:可以用于训练,但有 {count} 处值得先看一看",
    ),
    "bad": Words(
        "{name}: cannot be used yet; {count} to correct", "{name}:暂时不能使用,有 {count} 处需要修正"
    ),
    "kind_chat": Words("conversations", "对话"),
    "kind_preference": Words("pairs of answers", "偏好对"),
    "examples": Words("Examples", "样本"),
    "examples_of": Words("{count} ({kind}); the file has {lines} lines", "{count} 个({kind}),共 {lines} 行"),
    "no_examples": Words("none that can be used", "没有可用的样本"),
    "unusable": Words("{count} ({kind}); {bad} of {lines} lines cannot be used",
                      "{count} 个可用({kind});{lines} 行中有 {bad} 行无法使用"),
    "tokens": Words("Tokens", "Token"),
    "tokens_of": Words("{total}: {trained} are learned (answers), {prompt} only read",
                       "{total} 个:学习 {trained} 个(回答),仅供阅读 {prompt} 个"),
    "each": Words("Per example", "每个样本"),
    "each_of": Words("{min} to {max}, half of them up to {p50}", "{min} 至 {max} 个 token,一半不超过 {p50}"),
    "validation": Words("Validation", "验证"),
    "validation_of": Words("{name}: {count} examples, {leaked} of them in this file too, or nearly",
                           "{name}:{count} 个样本,其中 {leaked} 个与本文件中的样本相同或几乎相同"),
    "bars": Words("Examples by tokens", "样本的 token 分布"),
    "errors": Words("To correct", "需要修正"),
    "more_errors": Words(
        "and {count} more; --json has all of them", "另有 {count} 处;--json 列出全部"
    ),
    "left_out": Words("{count} more are only counted.", "另有 {count} 处只计数,不逐一列出。"),
    "warnings": Words("To think about", "值得留意"),
    "lines": Words("On lines {lines}.", "位于第 {lines} 行。"),
    "such_lines": Words("For example on lines {lines}.", "例如第 {lines} 行。"),
    "line": Words("On line {lines}.", "位于第 {lines} 行。"),
    "preview": Words("What redaction would replace", "脱敏将替换的内容"),
    "preview_row": Words("line {line}, message {message}", "第 {line} 行第 {message} 条消息"),
    "preview_outside": Words("line {line}", "第 {line} 行"),
    "preview_more": Words("and {count} more", "另有 {count} 处"),
    "next_correct": Words("Next: correct the file and check it again.", "下一步:修正文件后重新检查。"),
    "next_convert": Words("Next: if this is CSV, Alpaca, ShareGPT or plain dialogues, convert it:",
                          "下一步:如果这是 CSV、Alpaca、ShareGPT 或纯文本对话,请先转换:"),
    "next_plan": Words("Next: see what a job would come to:", "下一步:查看任务的预估:"),
}  # fmt: skip
_NO_JSON: Final = frozenset({"no_json", "no_json_begins"})
_SHOWN_OF_NO_JSON: Final = 3
_NOT_OURS: Final = _NO_JSON | {"unknown_format"}


def report_page(report: Mapping[str, Any], path: str, language: Language, *, preview: bool) -> str:
    """Return the whole page; `preview` shows what redaction would replace."""
    blocks = [
        _verdict(report, language),
        _figures(report["summary"], language),
        _errors(report, language),
        _warnings(report["warnings"], language),
        _preview(report["summary"], language) if preview else "",
        _next_step(report, path, language),
    ]
    return "\n\n".join(filter(None, blocks))


def said(words: str, language: Language, /, **values: Any) -> str:
    """Return words of this page."""
    return _SAID[words].say(language, **values)


def _verdict(report: Mapping[str, Any], language: Language) -> str:
    name, faults = report["summary"]["file"], report["summary"]["fault_count"]
    if report["errors"]:
        count = things(max(faults, len(report["errors"])), language, "fault")
        return painted(said("bad", language, name=name, count=count), "bad")
    if report["warnings"]:
        count = things(len(report["warnings"]), language, "thing")
        return painted(said("good_mind", language, name=name, count=count), "mind")
    return painted(said("good", language, name=name), "good")


def things(count: int, language: Language, noun: str) -> str:
    """Return "1 fault", "2 faults"; in Chinese only the number, which the words around it count."""
    if language is Language.ZH:
        return f"{count:,}"
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _figures(summary: Mapping[str, Any], language: Language) -> str:
    rows = [(said("examples", language), _examples(summary, language))]
    tokens = summary["tokens"]
    if tokens["exact"] and tokens["total"]:
        figures = {name: f"{tokens[name]:,}" for name in ("total", "trained", "prompt")}
        spread = {name: f"{value:,}" for name, value in tokens["per_example"].items()}
        rows.append((said("tokens", language), said("tokens_of", language, **figures)))
        rows.append((said("each", language), said("each_of", language, **spread)))
    if "validation_leak" in summary:
        rows.append((said("validation", language), _compared(summary["validation_leak"], language)))
    if tokens["exact"] and tokens["total"]:
        return f"{table(rows)}\n\n{_bars(tokens['histogram'], language)}"
    return table(rows)


def _compared(leak: Mapping[str, Any], language: Language) -> str:
    count, leaked = f"{leak['validation_examples']:,}", f"{leak['exact'] + leak['near']:,}"
    return said("validation_of", language, name=leak["file"], count=count, leaked=leaked)


def _examples(summary: Mapping[str, Any], language: Language) -> str:
    lines = f"{summary['lines']:,}"
    if not summary["examples"]:
        return said("no_examples", language)
    form = "unusable" if summary["faulty_count"] else "examples_of"
    kind = _SAID[f"kind_{summary['kind']}"]
    count, bad = f"{summary['examples']:,}", f"{summary['faulty_count']:,}"
    return said(form, language, count=count, kind=kind, lines=lines, bad=bad)


def _bars(histogram: Sequence[Mapping[str, int]], language: Language) -> str:
    most = max(row["examples"] for row in histogram)
    labels = [f"{row['from']:,}-{row['to']:,}" for row in histogram]
    wide, count_wide = max(map(len, labels)), len(f"{most:,}")
    lines = [
        f"    {label:>{wide}}  {row['examples']:>{count_wide},}  {bar(row['examples'] / most)}"
        for label, row in zip(labels, histogram, strict=True)
    ]
    return "\n".join([f"  {said('bars', language)}", *lines])


def _errors(report: Mapping[str, Any], language: Language) -> str:
    errors = report["errors"]
    if not errors:
        return ""
    shown = _some_of_each(errors)
    counts = Counter(error["code"] for error in errors)
    blocks = [painted(said("errors", language), "bold")]
    for code, group in _by_code(shown).items():
        lines = [wrapped(told(error, "message", language), first="    ", then="      ") for error in group]
        fixes = dict.fromkeys(told(error, "fix", language) for error in group)
        lines += [wrapped(fix, first="    → ") for fix in fixes]
        blocks.append("\n".join([f"  {painted(f'{code} ({counts[code]:,})', 'bold')}", *lines]))
    if left := len(errors) - len(shown):
        blocks.append(wrapped(said("more_errors", language, count=f"{left:,}"), first="  … "))
    if beyond := report["summary"]["faults_left_out"]:
        blocks.append(f"  {said('left_out', language, count=f'{beyond:,}')}")
    return "\n\n".join(blocks)


def _some_of_each(errors: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return up to 20 errors, the first of each code before the second of any."""
    seen: Counter[str] = Counter()
    ranked = []
    for at, error in enumerate(errors):
        ranked.append((seen[error["code"]], at))
        seen[error["code"]] += 1
    most = _SHOWN_OF_NO_JSON if errors[0]["code"] in _NO_JSON else ERRORS_SHOWN
    return [errors[at] for at in sorted(at for _, at in sorted(ranked)[:most])]


def _by_code(errors: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for error in errors:
        groups.setdefault(error["code"], []).append(error)
    return groups


def _warnings(warnings: Sequence[Mapping[str, Any]], language: Language) -> str:
    if not warnings:
        return ""
    blocks = [
        painted(said("warnings", language), "bold"),
        *(warning_block(each, language) for each in warnings),
    ]
    return "\n\n".join(blocks)


def warning_block(warning: Mapping[str, Any], language: Language) -> str:
    """Return one warning with where it is and its advice."""
    head = wrapped(told(warning, "message", language), first="  • ")
    advice = wrapped(told(warning, "fix", language), first="    → ")
    return "\n".join([head, *_places(warning, language), advice])


def _places(warning: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Yield where it is, unless the message itself says so."""
    lines = warning["lines"]
    if not lines or _names_lines.search(warning["message"]):
        return
    comma = "、" if language is Language.ZH else ", "
    numbers = comma.join(f"{line:,}" for line in lines[:_LINES_SHOWN])
    form = "line" if len(lines) == 1 else "lines" if warning["count"] <= _LINES_SHOWN else "such_lines"
    yield wrapped(said(form, language, lines=numbers), first="    ")


def _preview(summary: Mapping[str, Any], language: Language) -> str:
    found = summary.get("personal_data") or {}
    if not found.get("hits"):
        return ""
    rows = []
    for hit in found["redactions"][:PREVIEW_SHOWN]:
        form = "preview_outside" if hit["message_index"] is None else "preview_row"
        place = said(form, language, line=f"{hit['line']:,}", message=(hit["message_index"] or 0) + 1)
        rows.append((place, shortened(hit["seen"], 34), f"→ {hit['replacement']}"))
    lines = [painted(said("preview", language), "bold"), table(rows)]
    if left := found["hits"] - len(rows):
        lines.append(f"  … {said('preview_more', language, count=f'{left:,}')}")
    return "\n".join(lines)


def _next_step(report: Mapping[str, Any], path: str, language: Language) -> str:
    name = "FILE" if path == STANDARD_INPUT else shlex.quote(path)
    if not report["errors"]:
        return f"{said('next_plan', language)}\n  tuneward data plan {name}"
    if not report["summary"]["examples"] and {error["code"] for error in report["errors"]} & _NOT_OURS:
        return f"{said('next_convert', language)}\n  tuneward data convert {name} --to train.jsonl"
    return said("next_correct", language)


def token_table(counts: Sequence[Mapping[str, int]], language: Language) -> str:
    """Return the tokens of each example, a line each."""
    heads = [head.say(language) for head in _TOKEN_HEADS]
    rows = [[f"{row[key]:,}" for key in ("line", "tokens", "trained_tokens")] for row in counts]
    first = "  ".join(" " * (_TOKEN_COLUMN - width(head)) + head for head in heads)
    return "\n".join([first, *("  ".join(f"{cell:>{_TOKEN_COLUMN}}" for cell in row) for row in rows)])


_TOKEN_COLUMN: Final = 9
_TOKEN_HEADS: Final = (Words("line", "行"), Words("tokens", "token"), Words("trained", "其中学习"))
