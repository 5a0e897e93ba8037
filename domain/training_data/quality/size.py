"""Whether there are enough examples."""

from collections.abc import Sequence
from typing import Final

from domain.training_data.findings import Conclusion, Numbered
from domain.training_data.quality.wording import Places, Words, worded

# (fewer than, what the guide says of it); 200 and more is best.
_LEVELS: Final = ((20, "too_few"), (50, "visible_effect"), (200, "works_well"))
_BEST: Final = "best"
_WORDS: Final = {
    "too_few": Words(
        "Number of examples: {count}. Fewer than 20 are a frequent reason for a fine-tune that fails.",
        "仅有 {count} 条样本;少于 20 条是微调失败的常见原因。",
        "Write at least 20, better 50 to 100, and rather few good ones than many poor ones.",
        "请至少准备 20 条,最好 50 到 100 条;质量比数量更重要。",
    ),
    "visible_effect": Words(
        "Number of examples: {count}. That is enough for a visible effect; 50 to 100 work well, 200 best.",
        "共有 {count} 条样本:可以看到效果;50 到 100 条效果良好,200 条以上最佳。",
        "Add examples of cases that are missing so far; quality counts more than quantity.",
        "请补充尚未覆盖的情况;质量比数量更重要。",
    ),
}


class Size:
    """Counts the examples."""

    name = "size"

    def observe(self, examples: Sequence[Numbered]) -> int:
        """Return how many there are in a piece."""
        return len(examples)

    def conclude(self, seen: Sequence[int]) -> Conclusion:
        """Return the number and its level: `too_few`, `visible_effect`, `works_well` or `best`."""
        count = sum(seen)
        level = next((level for fewer_than, level in _LEVELS if count < fewer_than), _BEST)
        finding = [worded(level, _WORDS[level], Places(count))] if level in _WORDS else []
        return Conclusion(findings=tuple(finding), figures={"examples": count, "level": level})
