"""What can be wrong with one line of a training file, in English and Chinese."""

from dataclasses import dataclass
from typing import Final

# code: (English, Chinese), to follow "Line 3" or "Line 3: message 2". Whoever finds the fault fills in
# `{field}` and `{seen}`.
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "not_json": ("is not JSON: {seen}", "不是有效的 JSON:{seen}"),
    "too_deep": ("is nested too deeply", "嵌套层数过深"),
    "not_an_object": ("is {seen}, not a JSON object", "是 {seen},而不是 JSON 对象"),
    "unknown_format": (
        "has neither 'messages' nor 'input', 'preferred_output' and 'non_preferred_output'{seen}",
        "既没有 'messages',也没有 'input'、'preferred_output' 和 'non_preferred_output'{seen}",
    ),
    "mixed_formats": (
        "is a {seen} example, but the file began with another kind; one file holds one kind",
        "是 {seen} 样本,与文件开头的类型不同;一个文件只能包含一种类型",
    ),
    "missing_field": ("has no '{field}'", "缺少 '{field}'"),
    "wrong_type": ("has {seen} as '{field}'", "的 '{field}' 是 {seen},类型不正确"),
    "unknown_role": (
        "has the role {seen}; use system, developer, user, assistant, tool or function",
        "的角色是 {seen};可用的角色为 system、developer、user、assistant、tool、function",
    ),
    "bad_weight": ("has the weight {seen}; use 0 or 1", "的 weight 是 {seen};只能为 0 或 1"),
    "no_messages": ("has no messages in '{field}'", "的 '{field}' 中没有消息"),
    "no_user_message": ("has no user message", "缺少 user 消息"),
    "no_assistant_message": ("has no assistant message in '{field}'", "的 '{field}' 中缺少 assistant 消息"),
    "last_not_assistant": (
        "does not end '{field}' with an assistant message",
        "的 '{field}' 最后一条不是 assistant 消息",
    ),
    "empty_answer": ("is an assistant message that says nothing", "是没有内容的 assistant 消息"),
    "wrong_shape": ("does not have the shape of an example: {seen}", "不符合样本格式:{seen}"),
}
_LONGEST_QUOTE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one line.

    `line` counts from 1 and counts blank lines too, as an editor does. `message_index` counts from 0
    within `messages` (or the list that the message names); None where the line as a whole is meant.
    """

    line: int
    code: str
    message: str
    message_zh: str
    message_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A fault that does not know its line yet: a code of the table above and what fills its words.

    `within` names the list of messages where it is not `messages`.
    """

    code: str
    field: str = ""
    seen: str = ""
    message_index: int | None = None
    within: str = ""

    def on(self, line: int) -> Fault:
        """Return the fault in words, on this line."""
        english, chinese = (words.format(field=self.field, seen=self.seen) for words in _WORDS[self.code])
        at, at_zh = "", ""
        if self.message_index is not None:
            of, of_zh = (f" of '{self.within}'", f" '{self.within}' 的") if self.within else ("", "")
            at, at_zh = (
                f": message {self.message_index + 1}{of}",
                f"{of_zh}第 {self.message_index + 1} 条消息",
            )
        return Fault(
            line=line,
            code=self.code,
            message=f"Line {line}{at} {english}.",
            message_zh=f"第 {line} 行{at_zh}{chinese}。",
            message_index=self.message_index,
        )


def quoted(text: str) -> str:
    """Return text from the file as it can be shown: escaped, in quotes, at most 60 characters."""
    shown = ascii(text[:_LONGEST_QUOTE]) if not text.isprintable() else f"'{text[:_LONGEST_QUOTE]}'"
    return shown if len(text) <= _LONGEST_QUOTE else f"{shown[:-1]}…'"
