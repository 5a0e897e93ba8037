"""What can be wrong with a training file, in English and Chinese: what it is, and how to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple


class Words(NamedTuple):
    """The words of one code. Those of a fault follow "Line 3" or "Line 3: message 2"."""

    english: str
    chinese: str
    fix: str
    fix_zh: str


_MESSAGES_FORM: Final = (
    '{"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}'
)

_TO_JSON_LINES: Final = (
    "Write one JSON object on each line; `tuneward data convert` makes them of CSV or a JSON array."
)
_TO_JSON_LINES_ZH: Final = "请每行写一个 JSON 对象;CSV 或 JSON 数组可用 `tuneward data convert` 转换。"
_LONGEST_QUOTE: Final = 60

# Whoever finds the fault fills in `{field}` and `{seen}`.
_LINE_WORDS: Final[Mapping[str, Words]] = {
    "not_json": Words(
        "is not JSON: {seen}",
        "不是有效的 JSON,原因:{seen}",
        "Write one whole JSON object on each line, with double quotes and without trailing commas; "
        "a program should write it with a JSON library.",
        "每行写一个完整的 JSON 对象,使用双引号,末尾不要多余的逗号;建议用 JSON 库生成。",
    ),
    "not_utf8": Words(
        "is not UTF-8: byte {field} of it is {seen}",
        "不是 UTF-8 编码:第 {field} 个字节是 {seen}",
        "Save the file as UTF-8; GBK or Latin-1 text has to be converted first.",
        "请将文件另存为 UTF-8;GBK 或 Latin-1 文本需要先转换。",
    ),
    "nul_byte": Words(
        "holds a NUL byte; the file is not text",
        "包含 NUL 字节,不是文本文件",
        "Remove the byte, or export the data as text again.",
        "请删除该字节,或重新导出为文本。",
    ),
    "line_too_long": Words(
        "is longer than the {seen} bytes that a line may have",
        "超过了每行最多 {seen} 字节的限制",
        "Split the conversation into several examples, one on each line.",
        "请将该对话拆分为多个样本,每行一个。",
    ),
    "too_deep": Words(
        "is nested too deeply",
        "嵌套层数过深",
        "Keep to the form of an example: " + _MESSAGES_FORM,
        "请使用样本的标准格式:" + _MESSAGES_FORM,
    ),
    "not_an_object": Words(
        "is {seen}, not a JSON object",
        "是 {seen},而不是 JSON 对象",
        "Write a JSON object in braces there.",
        "此处应为花括号括起的 JSON 对象。",
    ),
    "unknown_format": Words(
        "has neither 'messages' nor 'input', 'preferred_output' and 'non_preferred_output'{seen}",
        "既没有 'messages',也没有 'input'、'preferred_output' 和 'non_preferred_output'{seen}",
        f"Write the example as {_MESSAGES_FORM}; `tuneward data convert` can do it.",
        "请将样本写成 " + _MESSAGES_FORM + ";Alpaca、ShareGPT、CSV 可用 `tuneward data convert` 转换。",
    ),
    "mixed_formats": Words(
        "is a {seen} example, but the file began with another kind; one file holds one kind",
        "是 {seen} 样本,与文件开头的类型不同;一个文件只能包含一种类型",
        "Put chat and preference examples into files of their own.",
        "请将 chat 与 preference 样本分别放入不同的文件。",
    ),
    "missing_field": Words("has no '{field}'", "缺少 '{field}'", "Add '{field}'.", "请补充 '{field}'。"),
    "wrong_type": Words(
        "has {seen} as '{field}'",
        "的 '{field}' 是 {seen},类型不正确",
        "Give '{field}' the type that the format asks for: content is text, lists stand in brackets.",
        "请将 '{field}' 改为格式要求的类型:content 为文本,列表使用方括号。",
    ),
    "unknown_role": Words(
        "has the role {seen}; use system, developer, user, assistant, tool or function",
        "的角色是 {seen};可用的角色为 system、developer、user、assistant、tool、function",
        "Write what the model is asked as user, and what it shall answer as assistant.",
        "提问使用 user,期望的回答使用 assistant。",
    ),
    "bad_weight": Words(
        "has the weight {seen}; use 0 or 1",
        "的 weight 是 {seen};只能为 0 或 1",
        "Write 1 to train on the message, 0 not to, or leave the weight out.",
        "参与训练写 1,不参与写 0,或省略 weight。",
    ),
    "bad_arguments": Words(
        "calls {seen} with arguments that are not JSON",
        "调用 {seen} 时的 arguments 不是有效的 JSON",
        'Write the arguments as JSON in a string, such as "{\\"city\\": \\"Wuhan\\"}".',
        'arguments 应为字符串形式的 JSON,例如 "{\\"city\\": \\"武汉\\"}"。',
    ),
    "no_messages": Words(
        "has no messages in '{field}'",
        "的 '{field}' 中没有消息",
        "Add at least a user message and an assistant message.",
        "请至少添加一条 user 消息和一条 assistant 消息。",
    ),
    "no_conversation": Words(
        "has neither a user nor an assistant message",
        "既没有 user 消息,也没有 assistant 消息",
        "Add what the user asks and what the assistant answers.",
        "请补充用户的提问与助手的回答。",
    ),
    "no_user_message": Words(
        "has no user message", "缺少 user 消息", "Add what the user asks.", "请补充用户的提问。"
    ),
    "no_assistant_message": Words(
        "has no assistant message in '{field}'",
        "的 '{field}' 中缺少 assistant 消息",
        "Add the answer that the model shall learn.",
        "请补充模型要学习的回答。",
    ),
    "last_not_assistant": Words(
        "ends '{field}' and is not an assistant message",
        "是 '{field}' 的最后一条,但不是 assistant 消息",
        "End with the assistant's answer, or remove what comes behind it.",
        "请以助手的回答结尾,或删除其后的消息。",
    ),
    "empty_content": Words(
        "is a {field} message without text",
        "是没有文本的 {field} 消息",
        "Write the text, or remove the message.",
        "请填写文本,或删除该消息。",
    ),
    "empty_answer": Words(
        "is an assistant message that says nothing",
        "是没有内容的 assistant 消息",
        "Write the answer, or remove the line.",
        "请填写回答,或删除该行。",
    ),
    "nothing_trained": Words(
        "has the weight 0 on every assistant message, so that nothing is learned from it",
        "的所有 assistant 消息的 weight 均为 0,模型学不到任何内容",
        "Give at least one assistant message the weight 1, or remove the line.",
        "请将至少一条 assistant 消息的 weight 设为 1,或删除该行。",
    ),
    "wrong_shape": Words(
        "does not have the shape of an example: {seen}",
        "不符合样本格式:{seen}",
        "Keep to the form of an example: " + _MESSAGES_FORM,
        "请使用样本的标准格式:" + _MESSAGES_FORM,
    ),
}  # fmt: skip
# What is wrong with a file as a whole; whole sentences.
_FILE_WORDS: Final[Mapping[str, Words]] = {
    "empty_file": Words(
        "The file is empty.",
        "文件为空。",
        "Send a file with one JSON object on each line.",
        "请提供每行一个 JSON 对象的文件。",
    ),
    "not_text": Words(
        "The file is {seen}; send JSON Lines as UTF-8 text.",
        "文件是 {seen};请提供 UTF-8 文本格式的 JSON Lines。",
        "Unpack or export it as JSON Lines in UTF-8.",
        "请解压或导出为 UTF-8 的 JSON Lines。",
    ),
    "no_json": Words(
        "Not one line of the file is JSON; JSON Lines has one JSON object on each line.",
        "文件中没有一行是 JSON;JSON Lines 要求每行一个 JSON 对象。",
        _TO_JSON_LINES,
        _TO_JSON_LINES_ZH,
    ),
    "no_json_begins": Words(
        "Not one of the first {seen} lines with text is JSON.",
        "前 {seen} 行非空行中没有一行是 JSON。",
        _TO_JSON_LINES,
        _TO_JSON_LINES_ZH,
    ),
}
# What is filled in and is a word; what else is seen stands as it is in both languages.
_IN_CHINESE: Final[Mapping[str, str]] = {
    "an object": "对象", "a list": "列表", "a string": "字符串", "a boolean": "布尔值", "a number": "数字",
    "a zip archive": "zip 压缩包", "a gzip archive": "gzip 压缩包", "a zstd archive": "zstd 压缩包",
    "an xz archive": "xz 压缩包", "a 7z archive": "7z 压缩包", "a Parquet file": "Parquet 文件",
    "an Arrow file": "Arrow 文件", "a PDF": "PDF 文件", "UTF-16 text": "UTF-16 文本",
    "; prompt and completion pairs must be written as messages": ";prompt 与 completion 须写成 messages",
    "; instruction and output pairs must be written as messages": ";instruction 与 output 须写成 messages",
    "; conversations with from and value must be written as messages with role and content":
        ";使用 from 和 value 的 conversations 须写成带 role 和 content 的 messages",
}  # fmt: skip
CODES: Final = (*_LINE_WORDS, *_FILE_WORDS)
"""Every code that a fault may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with one line, or with the file as a whole, for which `line` is None.

    `line` counts from 1 and counts blank lines too, as an editor does. `message_index` counts from 0
    within `messages` (or the list that the message names); None where the line as a whole is meant.
    """

    line: int | None
    code: str
    message: str
    message_zh: str
    fix: str
    fix_zh: str
    message_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A fault that does not know its line yet: a code of the tables above and what fills its words.

    `within` names the list of messages where it is not `messages`.
    """

    code: str
    field: str = ""
    seen: str = ""
    message_index: int | None = None
    within: str = ""

    @property
    def told(self) -> tuple[str, str]:
        """What is wrong, in English and Chinese, without the place."""
        words = self._words()
        return words.english, words.chinese

    def _words(self) -> Words:
        english, chinese, fix, fix_zh = _LINE_WORDS.get(self.code) or _FILE_WORDS[self.code]
        seen_zh = _IN_CHINESE.get(self.seen, self.seen)
        return Words(
            self._filled(english, self.seen),
            self._filled(chinese, seen_zh),
            self._filled(fix, self.seen),
            self._filled(fix_zh, seen_zh),
        )

    def _filled(self, text: str, seen: str) -> str:
        return text.replace("{field}", self.field).replace("{seen}", seen)

    def on(self, line: int | None) -> Fault:
        """Return the fault in words, on this line."""
        english, chinese, fix, fix_zh = self._words()
        if line is not None:
            english, chinese = f"{self._place(line)} {english}.", f"{self._place_zh(line)}{chinese}。"
        return Fault(
            line=line,
            code=self.code,
            message=english,
            message_zh=chinese,
            fix=fix,
            fix_zh=fix_zh,
            message_index=self.message_index,
        )

    def _place(self, line: int) -> str:
        if self.message_index is None:
            return f"Line {line}"
        of = f" of '{self.within}'" if self.within else ""
        return f"Line {line}: message {self.message_index + 1}{of}"

    def _place_zh(self, line: int) -> str:
        if self.message_index is None:
            return f"第 {line} 行"
        of = f" '{self.within}' 的" if self.within else ""
        return f"第 {line} 行{of}第 {self.message_index + 1} 条消息"


def quoted(text: str) -> str:
    """Return text from the file as it can be shown: escaped, in quotes, at most 60 characters."""
    shown = ascii(text[:_LONGEST_QUOTE]) if not text.isprintable() else f"'{text[:_LONGEST_QUOTE]}'"
    return shown if len(text) <= _LONGEST_QUOTE else f"{shown[:-1]}…'"
