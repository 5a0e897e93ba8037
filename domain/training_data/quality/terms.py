"""The words of a text that say what it is about: English words, and pairs of Chinese characters."""

import re
from itertools import pairwise
from typing import Final

MOST_TERMS: Final = 60
_TOKEN: Final = re.compile("[a-z]{3,24}|[\u3400-\u9fff]{2,}")
_STOP_WORDS: Final = frozenset(
    """
    able about above across after again against all also although always and another answer any anyone
    anything are around back because been before being below best better between both boy but can case cases
    come could day describe did different does doesn don down during each easy enough every example examples
    explain few find first following for from get gets give goes going good got great had hard has have help
    her here him his how however important instead into isn its just keep kind know last least less let like
    list long look looks lot lots made main make makes making man many may mean means might more most much
    must need needs never new next not now off often old once one only other our out over own part parts per
    please possible put question quite rather really right same say see several shall she should simple
    simply since some someone something sometimes start starts step steps still such sure take tell than
    that the their them then there therefore these they thing things think this those though through time
    too try two type types under until use used using usually very want was way ways well went were what
    when where whether which while who why will with within without work working works would write yes you
    your
    three four five second little cannot led run stop call open near later early day days
    """.split()  # noqa: SIM905 - words are read as words, not as a list of 200 strings
)
_STOP_CHARACTERS: Final = frozenset(
    "的了吗呢吧啊呀我你您他她它们这那哪什么怎样如何为是不在有和与或及也都就还很更最能会可以要想请问让把被给从到对于而但因所"
    "如果则且并其之一二两三四五几个些种次每各某该此等做用说看来去上下里中前后时候多少大小好没无又再才只已将应"
)


def terms_of(text: str) -> list[str]:
    """Return at most 60 different terms, in the order of the text."""
    terms: dict[str, None] = {}
    for token in _TOKEN.findall(text.lower()):
        if token[0] < "\u3400":
            if token not in _STOP_WORDS:
                terms[_stem(token)] = None
        else:
            terms.update(dict.fromkeys(_pairs(token)))
        if len(terms) >= MOST_TERMS:
            break
    return list(terms)[:MOST_TERMS]


def _stem(word: str) -> str:
    """Return a word without the ending of a plural, roughly."""
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word  # noqa: PLR2004 - gas


def _pairs(run: str) -> list[str]:
    return [
        one + other
        for one, other in pairwise(run)
        if one not in _STOP_CHARACTERS and other not in _STOP_CHARACTERS
    ]
