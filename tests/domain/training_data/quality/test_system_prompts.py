"""Which system prompts are too broad, missing, or too many."""

# ruff: noqa: E501, RUF001 - many prompts to a line, Chinese as it is written

import pytest

from domain.training_data.quality.broad_prompts import is_broad
from domain.training_data.quality.system_prompts import SystemPrompts
from tests.domain.training_data.quality.made import asked, chat, found, looked

GOOD = "You answer questions on orders of the Acme shop. You give no legal advice."
BROAD = "You are a helpful assistant."


def prompts(*systems: str | None) -> list:  # type: ignore[type-arg]
    return [
        asked(f"Question {i}", "An answer of some length.", system=text) for i, text in enumerate(systems)
    ]


@pytest.mark.parametrize(
    "prompt",
    [
        "You are a helpful assistant.", "you are an assistant", "You're a friendly and knowledgeable AI assistant!",
        "You are a helpful, honest, harmless assistant.", "You are an AI language model.", "Act as a chatbot.",
        "You are a helpful assistant that answers questions.", "You are a helpful assistant who helps users with their questions.",
        "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.", "Be helpful.", "Assistant",
        "你是一个助手。", "你是一个有用的助手", "你是一个乐于助人的AI助手。", "您是一位专业、友好的智能助理。", "你是人工智能助手，请回答用户的问题。",
        "你是一名很聪明的机器人！", "请扮演一个助手", "回答问题", "你是通义千问，由阿里云开发。你是一个有帮助的助手。",
    ],
)  # fmt: skip
def test_prompts_that_name_no_role_are_broad(prompt: str) -> None:
    assert is_broad(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        GOOD, "You are a helpful assistant for the customers of Acme Bank.", "You are a senior tax consultant in Germany.",
        "You are a medical assistant. Never give a diagnosis.", "You are a helpful assistant. Answer in JSON only.",
        "Translate the user's text into French.", "你是一名资深的税务顾问。", "你是星辰银行的客服助手，只回答账户问题。", "你是一个法律助手，不提供诉讼建议。",
        "请把用户输入翻译成英文",
    ],
)  # fmt: skip
def test_prompts_that_name_a_role_or_a_task_are_not(prompt: str) -> None:
    assert not is_broad(prompt)


@pytest.mark.parametrize(
    ("systems", "codes"),
    [
        ([GOOD] * 3, []),
        ([None] * 3, ["no_system_prompts"]),
        ([" ", ""], ["no_system_prompts"]),
        ([GOOD, None, GOOD], ["some_without_system_prompt"]),
        ([BROAD, GOOD], ["broad_system_prompt"]),
        ([f"You are the clerk of shop number {i}." for i in range(30)], ["many_system_prompts"]),
        ([f"You are the clerk of shop number {i % 8}." for i in range(30)], []),
    ],
)
def test_findings(systems: list[str | None], codes: list[str]) -> None:
    assert list(found(looked(SystemPrompts(), prompts(*systems), pieces=2))) == codes


def test_places_and_shares_are_told() -> None:
    conclusion = looked(SystemPrompts(), prompts(GOOD, BROAD, None, BROAD, GOOD * 3), pieces=3)
    broad = found(conclusion)["broad_system_prompt"]
    assert (broad.lines, broad.count) == ((2, 4), 2)
    assert BROAD in broad.message
    most, *_, last = conclusion.figures["most_frequent"]
    assert most == {"text": BROAD, "examples": 2, "share": 0.4, "broad": True}
    assert len(last["text"]) == 80
    assert (conclusion.figures["distinct"], conclusion.figures["without"]) == (3, 1)


def test_a_developer_message_is_a_system_prompt() -> None:
    example = chat(
        {"role": "developer", "content": GOOD},
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "!"},
    )
    assert not looked(SystemPrompts(), [example]).findings


def test_thousands_of_prompts_are_counted_but_not_kept() -> None:
    conclusion = looked(SystemPrompts(), prompts(*(f"{GOOD} {i}" for i in range(2_500))), pieces=2)
    assert conclusion.figures["distinct"] == 2_000
    assert conclusion.figures["more_were_not_told_apart"]
    assert "2,000+" in found(conclusion)["many_system_prompts"].message
