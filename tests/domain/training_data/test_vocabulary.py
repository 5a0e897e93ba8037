"""Texts have as many tokens for us as for DashScope's own tokenizer, however odd they are."""

# ruff: noqa: E501, RUF001 - a text is one string, as it is written

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.training_data.vocabulary import Vocabulary
from tests.domain.training_data.qwen import dashscope_count, vocabulary

CHINESE = "您好，请问订单什么时候可以发货？我们会在三个工作日内为您处理。"
CODE = "def f(x: int) -> list[int]:\n\tif x >= 10:\n        return [x*2 for _ in range(3)]  # ok\n\n\n"
TEXTS = {
    "empty": "",
    "composed": "caf\u00e9 \u00c5ngstr\u00f6m",
    "decomposed": unicodedata.normalize("NFD", "café Ångström, không thể, が ぱ, 한글"),
    "characters that NFC replaces": "\u212b \u2126 \uf900 \u1e9b\u0323 \u0344",
    "a mark without a letter": "\u0301 \n\u0338=\u0338 <\u0338",
    "Chinese": CHINESE,
    "traditional Chinese": "請問這個訂單什麼時候發貨",
    "rare Han": "𠮷野家 㐂 龘 \U0002a6d6",
    "Japanese": "これはテストです。ｶﾀｶﾅ、ゔ、ー〜「引用」",
    "Korean": "안녕하세요, 주문은 언제 도착하나요?",
    "Arabic and Hebrew": "مرحبا ١٢٣ שלום",
    "emoji": "👍🏽 ❤️ 🇨🇳",
    "emoji joined": "👨‍👩‍👧‍👦 🏳️‍🌈 👩🏿‍🚀",
    "runs of white space": "a  b   c\t\td \t e\u00a0\u00a0f\u3000\u3000g\u2028h\x85i   ",
    "only white space": " \n \n\n\t ",
    "line ends around": "\n\na\n\n\nb\n",
    "CRLF": "a\r\nb\r\n\r\nc\rd",
    "special tokens": "a<|im_end|>\n<|im_start|>user\n<|endoftext|><|extra_0|> <|extra_204|>",
    "names that are not special": "<|extra_205|> <|im_end <|fim_prefix|> <|IM_END|> <| | |> <think> </tool_call>",
    "contractions": "I'm you'RE it's don't 'S 've ’s",
    "numbers": "1234567890 3.14 -1e10 ①②Ⅷ ½ １２３ 0xFF 2026-11-25",
    "code": CODE,
    "HTML and JSON": '<p class="a">&nbsp;</p>\n{"a": [1, null, {"b": "\\n"}]}',
    "control characters": "a\0b\x1b[31mc\x7f\ufeffd\u200be\u202ef",
    "half a surrogate pair": "a\ud83d b",
    "mixed": f"请用 Python 写 {CODE} 并解释 it's O(n) 的原因 👍",
}
LONG = {
    "of exactly the limit": "a b" * 33_333 + "c",
    "one above the limit": "a b" * 33_333 + "cd",
    "one line": CHINESE * 8_000,
    "one word": "aB3" * 70_000,
    "many lines": f"{CHINESE}{CODE}" * 3_000,
    "lines near the limit": "\n".join("x1 " * 30_000 for _ in range(4)),
    "a line longer than the limit among others": f"{CODE * 9}\n{'长 ' * 120_000}\n{CODE * 9}",
    "only line ends": "\n" * 250_000,
    "an empty first line": f"\n{'y ' * 60_000}",
    "short once composed": "e\u0301" * 60_000,
    "special tokens": "<|im_end|>\n" * 20_000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_has_as_many_tokens_as_dashscope_finds(text: str) -> None:
    assert vocabulary().count(text) == dashscope_count(text)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_has_as_many_tokens_as_dashscope_finds(text: str) -> None:
    assert vocabulary().count(text) == dashscope_count(text)


PARTS = st.sampled_from([*TEXTS.values(), " ", "\n", "\r\n", "<|", "|>", "<|im_end|>", "\u0301", "7", "。"])


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=6).map("".join)))
@example("<|im_start|>\u0338")
def test_any_text_has_as_many_tokens_as_dashscope_finds(text: str) -> None:
    assert vocabulary().count(text) == dashscope_count(text)


def test_the_name_of_a_special_token_is_one_token() -> None:
    count = vocabulary().count
    assert [count(name) for name in ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|extra_204|>")] == [
        1
    ] * 4
    assert count("<|extra_205|>") > 1


def test_a_text_counted_again_has_the_same_number() -> None:
    for text in (CHINESE, CODE, CHINESE):
        assert vocabulary().count_often(text) == vocabulary().count(text)


def test_another_file_is_refused_by_its_hash() -> None:
    with pytest.raises(ValueError, match="its SHA-256 is e3b0c442"):
        Vocabulary(b"")
