"""Why a record of another format is not made into an example: what is wrong, and what to do about it.

Words exist in English and Chinese; whoever finds the problem fills in `{field}` and `{seen}`.
"""

from dataclasses import dataclass
from typing import Final

# code: (English, Chinese, what to do, the same in Chinese). The first two follow "The record on line 3".
_WORDS: Final[dict[str, tuple[str, str, str, str]]] = {
    "not_json": (
        "is not JSON: {seen}",
        "不是有效的 JSON:{seen}",
        "Correct it; text must stand in double quotes, and line breaks in it must be written as \\n.",
        "请改正;文本须放在英文双引号内,文本中的换行须写作 \\n。",
    ),
    "too_deep": (
        "is nested too deeply",
        "嵌套层数过深",
        "Flatten it: a record needs no more than a few levels.",
        "请减少嵌套;一条记录只需要几层。",
    ),
    "not_an_object": (
        "is {seen}, not a JSON object",
        "是 {seen},而不是 JSON 对象",
        "Write each record as one object in curly brackets.",
        "请把每条记录写成一个用花括号括起来的对象。",
    ),
    "missing_text": (
        "has no {field}",
        "缺少 {field}",
        "Add it, or say which format or columns the file has if they were guessed wrongly.",
        "请补上;如果格式或列名识别有误,请明确指定。",
    ),
    "not_text": (
        "has {seen} as {field}, not text",
        "的 {field} 是 {seen},而不是文本",
        "Write it as text in double quotes.",
        "请写成双引号内的文本。",
    ),
    "blank_text": (
        "has nothing in {field}",
        "的 {field} 没有内容",
        "Write the text, or delete the record.",
        "请填写内容,或删除这条记录。",
    ),
    "unwritable_text": (
        "holds a value that cannot be written: {seen}",
        "含有无法写出的内容:{seen}",
        "Remove broken characters (half of a surrogate pair) and oversized numbers.",
        "请删除损坏的字符(不成对的代理字符)和过大的数字。",
    ),
    "too_long": (
        "becomes an example of {seen} bytes, more than a line may have",
        "转换后有 {seen} 字节,超过一行的上限",
        "Shorten it, or divide it into several records.",
        "请缩短内容,或拆成多条记录。",
    ),
    "bad_history": (
        "has a {field} that is not a list of [question, answer] pairs of text",
        "的 {field} 不是由 [问题, 答案] 文本对组成的列表",
        'Write it as [["question", "answer"], …], or leave it out.',
        '请写成 [["问题", "答案"], …],或去掉这一项。',
    ),
    "no_turns": (
        "has no list of turns in {field}",
        "的 {field} 中没有对话轮次",
        "Give a list of turns there, each with who speaks and the text.",
        "请在其中给出轮次列表,每轮写明说话人和文本。",
    ),
    "bad_turn": (
        "has a turn that is not an object with speaker and text: {field}",
        "中有一轮不是包含说话人和文本的对象:{field}",
        "Write each turn with 'from' and 'value', or with 'role' and 'content'.",
        "请用 'from' 和 'value',或 'role' 和 'content' 书写每一轮。",
    ),
    "unknown_speaker": (
        "has the speaker {seen} in {field}",
        "的 {field} 的说话人是 {seen},无法识别",
        "Use human, gpt, system, function_call or observation (or user, assistant, tool).",
        "请使用 human、gpt、system、function_call、observation(或 user、assistant、tool)。",
    ),
    "bad_call": (
        "has a tool call in {field} that is not JSON with 'name' and 'arguments'",
        "的 {field} 中的工具调用不是包含 'name' 和 'arguments' 的 JSON",
        'Write it as {{"name": "…", "arguments": {{…}}}}.',
        '请写成 {{"name": "…", "arguments": {{…}}}}。',
    ),
    "answer_without_call": (
        "has a tool's answer in {field} that no call went before",
        "的 {field} 是工具返回结果,但前面没有对应的调用",
        "Put the call before it, or delete that turn.",
        "请在它之前补上调用,或删除这一轮。",
    ),
    "bad_tools": (
        "has {field} that are not a list of functions with names",
        "的 {field} 不是带名称的函数列表",
        'Write them as [{{"name": "…", "parameters": {{…}}}}].',
        '请写成 [{{"name": "…", "parameters": {{…}}}}]。',
    ),
    "no_question": (
        "has nothing that the user says",
        "中没有用户的发言",
        "Add the user's question, or delete the record.",
        "请补上用户的问题,或删除这条记录。",
    ),
    "no_last_answer": (
        "does not end with an answer of the assistant",
        "没有以助手的回答结尾",
        "Add the answer, or delete what comes after the last one.",
        "请补上回答,或删除最后一个回答之后的内容。",
    ),
    "unusable": (
        "becomes an example that cannot be used: it {field}",
        "转换后的样本无法使用:{seen}",
        "Correct the record, or delete it.",
        "请改正或删除这条记录。",
    ),
    "ragged_row": (
        "has {seen} cells, but the header has {field}",
        "有 {seen} 个单元格,而表头有 {field} 个",
        "Put text that holds the delimiter in double quotes.",
        "如果文本中含有分隔符,请用英文双引号括起来。",
    ),
    "bad_quotes": (
        "has text next to a closing quote: {seen}",
        "的右引号后紧跟着其他文本:{seen}",
        'Write a double quote within quoted text twice: "".',
        '引号内的双引号须写两遍:""。',
    ),
    "no_label": (
        "has text before anyone speaks: {seen}",
        "开头的文本没有说明是谁在说话:{seen}",
        "Begin it with 'User:', 'Assistant:' or 'System:'.",
        "请以 '用户:'、'助手:' 或 '系统:' 开头。",
    ),
    "out_of_turn": (
        "is a turn of {field} where {seen} is due",
        "是 {field} 的发言,而此处应为 {seen}",
        "Let User and Assistant take turns; System comes first. Divide conversations by '---'.",
        "用户与助手须轮流发言,系统提示放在最前;不同对话之间请用 '---' 隔开。",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One record that is left out.

    `line` counts from 1, as an editor does: the line on which the record begins (of a dialogue, the line
    of the turn at fault).
    """

    line: int
    code: str
    message: str
    message_zh: str
    fix: str
    fix_zh: str


class Misfit(Exception):  # noqa: N818 - not an error of the program: a record that does not fit
    """A record cannot be made into an example; it does not know its line yet."""

    def __init__(self, code: str, *, field: str = "", seen: str = "") -> None:
        super().__init__(code)
        self.code, self.field, self.seen = code, field, seen

    def on(self, line: int) -> Problem:
        """Return the problem in words, of the record that begins on this line."""
        english, chinese, fix, fix_zh = (
            words.format(field=self.field, seen=self.seen) for words in _WORDS[self.code]
        )
        return Problem(
            line=line,
            code=self.code,
            message=f"The record on line {line} {english}.",
            message_zh=f"第 {line} 行的记录{chinese}。",
            fix=fix,
            fix_zh=fix_zh,
        )
