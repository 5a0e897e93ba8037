"""Which system prompts say nothing of a role and its limits: 'You are a helpful assistant.' and its kind."""

import re
from typing import Final

from domain.training_data.quality.turns import normalised

# What is longer says something.
_LONGEST: Final = 160
_FEWEST_WORDS: Final = 4
_FEWEST_HAN: Final = 8

_PRAISE: Final = (
    "very|helpful|friendly|harmless|honest|useful|polite|smart|professional|knowledgeable|intelligent|good|great|"
    "kind|reliable|expert|powerful|concise|respectful|virtual|general|artificial|large|personal|digital|and|ai"
)
_ENGLISH: Final = re.compile(
    r"(?:you are qwen, created by alibaba cloud\. ?)?(?:you are|you're|act as|be)? ?(?:an?|the|my)? ?"
    rf"(?:(?:{_PRAISE})[, -]{{1,2}})*"
    r"(?:ai|assistant|helper|chat ?bot|bot|intelligence|(?:language )?model|agent)"
    r"(?:,? (?:that|who|which) (?:helps?|answers?|assists?|supports?)"
    r"(?: (?:with|the|all|any|user|users|people|everyone|questions|user's|users'|your|their|me))*)?[.! ]*"
)
_PRAISE_ZH: Final = (
    "非常|很|有用|有帮助|有益|乐于助人|友好|友善|智能|人工智能|人工|ai|专业|聪明|礼貌|优秀|强大|可靠|万能|通用|热心|贴心|"
    "全能|虚拟|大型|小|的|地|、|,|和|且|又|并"
)
_CHINESE: Final = re.compile(
    r"(?:你是通义千问[^。]{0,20}。)?(?:请?你?(?:现在)?(?:作为|扮演|充当)|(?:你|您)(?:现在)?(?:是|将作为))?"
    rf"(?:一个|一名|一位|一款|个|名|位)?(?:{_PRAISE_ZH})*"
    r"(?:助手|助理|机器人|ai|人工智能|语言模型|大模型|模型)"
    r"(?:,?(?:请|可以|能够|能|会|负责|用于|来)*(?:帮助|协助|回答|解答)(?:我|用户|大家|人们|他人|的|所有|任何|各种|问题)*)?"
    r"[。!. ]*"
)
_HAN: Final = re.compile("[\u3400-\u9fff]")


def is_broad(prompt: str) -> bool:
    """Tell whether a system prompt names no role, or is too short to name one with its limits."""
    if len(prompt) > _LONGEST:
        return False
    text = normalised(prompt)
    return bool(_ENGLISH.fullmatch(text) or _CHINESE.fullmatch(text)) or _says_little(text)


def _says_little(text: str) -> bool:
    han = len(_HAN.findall(text))
    return han < _FEWEST_HAN if han else len(text.split()) < _FEWEST_WORDS
