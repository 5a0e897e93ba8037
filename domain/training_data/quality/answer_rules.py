"""Rules over one answer or question, each a quick test of its text."""

import re
from collections import Counter
from typing import Final

from msgspec import DecodeError, Raw
from msgspec.json import Decoder

from domain.training_data.quality.turns import utf8

_HAN: Final = re.compile("[\u3400-\u9fff]")
_SHORT: Final = 20
_SHORT_HAN: Final = 10
_LONG: Final = 200
_LONG_HAN: Final = 100
_LONGEST_VAGUE: Final = 80
_LONGEST_QUESTION: Final = 4_000
_skim: Final = Decoder(Raw).decode

_BEFORE_VAGUE: Final = (
    r"(?:(?:sorry|i'm sorry|i am sorry|well|hmm|unfortunately|"
    r"抱歉|对不起|不好意思|很抱歉|您好|你好|亲|这个)?[,.! ]*)"
)
_VAGUE_PHRASES: Final = (
    r"(?:i )?(?:don't|do not) know(?: (?:that|the answer|about (?:that|this)))?",
    r"no idea|hard to say|whatever|it varies|maybe|perhaps|possibly|probably",
    r"(?:i'm |i am )?not sure(?: about (?:that|this))?",
    r"it (?:all )?depends(?: on (?:the|your) (?:situation|case|circumstances))?",
    r"i can't help(?: (?:you )?with (?:that|this))?",
    r"(?:please )?(?:ask|consult|contact) (?:customer |our )?(?:support|service|support team|an? expert|us)",
    r"(?:please )?(?:search|check) online|google it",
    r"我?也?不(?:太)?(?:知道|清楚|了解|确定|好说)",
    r"(?:这个?)?要?(?:视|看)(?:具体)?情况(?:而定)?|要?因(?:人|情况)而异",
    r"(?:请|建议|您?可以)?您?(?:直接)?(?:咨询|联系|询问)(?:一下)?(?:在线|人工)?(?:客服|工作人员)(?:人员)?",
    r"可能吧|也许吧?|大概吧?|应该(?:是|可以)?吧?|差不多|都可以|随便|很难说|说不好|无可奉告",
    r"自行百度|请自行(?:查询|搜索|百度)|(?:具体)?(?:情况)?请?以(?:实际|官方)(?:情况)?为准",
)
_VAGUE: Final = re.compile(_BEFORE_VAGUE + f"(?:{'|'.join(_VAGUE_PHRASES)})" + r"[.!,?~ 。…的了呢吧]*")
_SENTENCE_END: Final = re.compile(r"[.!?\n\u3002\uff01\uff1f\uff1b]+")
_FEWEST_CHARACTERS: Final = 10
_FEWEST_REPEATS: Final = 3
_REPEATED_SHARE: Final = 0.25

_OPEN_END: Final = re.compile(r"[,\u3001\uff0c(\uff08\-]\Z")
_LETTER_AT_END: Final = re.compile(r"[a-z\u3400-\u9fff]\Z")
# Lists, tables, headings, signatures and code end without a mark.
_UNMARKED_LINE: Final = re.compile(r"\s*(?:[-*+•·|#>]|\d{1,3}[.)\u3001]|[({\[<]|\$|http|[A-Za-z_]+\s*[=(:])")
_FENCE: Final = "```"
_SHORTEST_LAST_LINE: Final = 40

# Alternatives that begin with a character, not with a boundary, are searched for many times as fast.
_PLACEHOLDER: Final = re.compile(
    r"(?:TODO(?<!\wTODO)|TBD(?<!\wTBD)|FIXME|XXX(?<!\wXXX)X{0,20}|xxx(?<!\wxxx)x{0,20})\b|"
    r"\{\{[^{}\n]{0,40}\}\}|"
    r"\[(?:[Ii]nsert|INSERT|[Yy]our|YOUR|[Cc]ompany|COMPANY)\b[^\]\n]{0,40}\]|"
    r"<(?:your|insert|YOUR|INSERT)[ _-][^<>\n]{0,40}>|"
    r"待补充|待填写|待完善|此处填写|此处插入|(?:XX|xx|\u00d7\u00d7)(?:公司|先生|女士|号|元|年|月|市)|示例文本"
)
_FILLER: Final = "orem ipsum"
_FENCED: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)

_CARE: Final = re.compile(
    r"symptom|dosage|diagnos|prescri|medication|medicine|ibuprofen|aspirin|paracetamol|antibiotic|"
    r"blood pressure|diabet|chest pain|headache|pregnan|vaccin|side effect|tumou?r|chemotherap|"
    r"overdose|insulin|lawsuit|lawyer|attorney|legal (?:advice|action|right|obligation)|illegal|"
    r"it legal| sue |custody|divorce|evict|criminal charge|copyright infring|held liable|"
    r"be liable|"
    r"症状|诊断|处方|剂量|吃什么药|服用|用药|药物|发烧|头痛|头疼|"
    r"高血压|血压高|糖尿病|"
    r"怀孕|孕妇|疫苗|副作用|癌|肿瘤|咳嗽|胸痛|胸闷|腹痛|"
    r"肚子疼|过敏|失眠|吃药|起诉|诉讼|违法|法律|纠纷|离婚|抚养权|仲裁|劳动法|违约金|判刑|律师|维权",
)
_PROFESSIONAL: Final = re.compile(
    r"doctor|physician|pharmacist|professional|medical (?:help|advice|attention|care)|emergency|"
    r"specialist|clinic|hospital|midwife|lawyer|attorney|solicitor|legal (?:advice|aid|counsel)|"
    r"not (?:a )?(?:substitute|legal|medical)|"
    r"就医|就诊|医生|医师|大夫|药师|医院|专业人士|专业人员|专业意见|急诊|急救|门诊|"
    r"遵医嘱|医嘱|律师|法律援助|专业机构|12348|不构成|仅供参考|劳动监察",
)


def is_json(text: str) -> bool:
    """Tell whether a text is a JSON object or list as a whole."""
    if not text.startswith(("{", "[", " ", "\n")):
        return False
    text = text.strip()
    if text[:1] + text[-1:] not in {"{}", "[]"}:
        return False
    try:
        _skim(utf8(text))
    except (DecodeError, RecursionError):
        return False
    return True


def is_short(text: str) -> bool:
    """Tell whether there are fewer than 20 characters, of Chinese fewer than 10."""
    if len(text) >= _SHORT:
        return False
    text = text.strip()
    return len(text) < (_SHORT_HAN if _HAN.search(text) else _SHORT)


def is_long(text: str) -> bool:
    """Tell whether a text has 200 characters, of Chinese 100."""
    return len(text) >= _LONG or (len(text) >= _LONG_HAN and _HAN.search(text, 0, _LONG_HAN) is not None)


def is_vague(text: str) -> bool:
    """Tell whether a text says no more than that it cannot or will not answer."""
    if len(text) > _LONGEST_VAGUE:
        return False
    plain = text.strip().lower().translate(_PLAIN)
    return _VAGUE.fullmatch(plain) is not None


_PLAIN: Final = str.maketrans({"\u2019": "'", "\uff0c": ",", "\uff01": "!", "\uff1f": "?", "\uff5e": "~"})


def repeats_itself(text: str) -> bool:
    """Tell whether some sentence is there three times and such sentences make a quarter of the text."""
    sentences = [sentence.strip() for sentence in _SENTENCE_END.split(text)]
    if len(sentences) < _FEWEST_REPEATS or len(set(sentences)) == len(sentences):
        return False
    often = [
        len(sentence) * count
        for sentence, count in Counter(sentences).items()
        if count >= _FEWEST_REPEATS and len(sentence) >= _FEWEST_CHARACTERS
    ]
    return sum(often) >= _REPEATED_SHARE * len(text)


def ends_in_the_middle(text: str) -> bool:
    """Tell whether a text breaks off: in an open code block, behind a comma, or in a long last sentence."""
    text = text.rstrip()
    if _FENCE in text:
        return text.count(_FENCE) % 2 == 1
    if _OPEN_END.search(text, len(text) - 1):
        return True
    if not _LETTER_AT_END.search(text, len(text) - 1) or not is_long(text):
        return False
    line = text[text.rfind("\n") + 1 :]
    return len(line) >= _SHORTEST_LAST_LINE and not _UNMARKED_LINE.match(line)


def has_placeholder(text: str) -> bool:
    """Tell whether something is left to be filled in; code blocks are not looked into."""
    if _FILLER in text:
        return True
    found = _PLACEHOLDER.search(text)
    if found and _FENCE in text:
        found = _PLACEHOLDER.search(_FENCED.sub("", text))
    return found is not None


def asks_for_care(question: str) -> bool:
    """Tell whether a question is of medicine or law, where a wrong answer does harm."""
    return _CARE.search(question[:_LONGEST_QUESTION].lower()) is not None


def sends_to_a_professional(answer: str) -> bool:
    """Tell whether an answer names somebody to ask, or its own limits."""
    return _PROFESSIONAL.search(answer.lower()) is not None
