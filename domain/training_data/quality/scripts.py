"""Which script a text is written in, and which of the two ways Chinese is."""

import re
from typing import Final

UNTOLD: Final = "none"
"""The language of a text with hardly a letter in it: a number, a symbol, nothing."""
SIMPLIFIED: Final = "simplified"
TRADITIONAL: Final = "traditional"
_READ: Final = 2_000
_HAN: Final = re.compile("[\u3400-\u9fff\uf900-\ufaff]+")
_KANA: Final = re.compile("[\u3041-\u30fa]+")
_HANGUL: Final = re.compile("[\uac00-\ud7a3\u1100-\u11ff]+")
_OTHERS: Final = {
    "latin": re.compile("[A-Za-z\u00c0-\u024f]+"),
    "cyrillic": re.compile("[\u0400-\u04ff]+"),
    "arabic": re.compile("[\u0600-\u06ff\u0750-\u077f]+"),
    # Devanagari to Thai, Georgian, Khmer, Hebrew, Greek
    "other": re.compile("[\u0370-\u03ff\u0590-\u05ff\u0900-\u0eff\u10a0-\u10ff\u1780-\u17ff]+"),
}
_LETTER: Final = re.compile("[A-Za-z]{2}")
_ASIAN: Final = re.compile("[\u3041-\u30fa\u3400-\u9fff\uf900-\ufaff\uac00-\ud7a3\u1100-\u11ff]")
# A Han or Hangul character counts half a word: two to three letters of another script.
_LETTERS_PER_HAN: Final = 2.5
_KANA_SHARE: Final = 0.1

# Frequent characters that are written in one of the two ways only, pair by pair.
_PAIRS: Final = (
    "们們这這个個来來说說国國时時会會为為学學对對发發经經过過还還没沒问問题題应應该該请請让讓"
    "给給关關开開长長门門间間见見现現实實点點电電话話语語动動业業产產员員当當务務处處单單"
    "订訂货貨费費钱錢买買卖賣谢謝错錯转轉运運进進选選设設计計认認识識证證书書车車东東两兩样樣"
    "种種类類马馬无無气氣体體头頭难難连連边邊变變丽麗乐樂爱愛听聽觉覺医醫药藥疗療"
)
_SIMPLIFIED: Final = re.compile(f"[{_PAIRS[::2]}]")
_TRADITIONAL: Final = re.compile(f"[{_PAIRS[1::2]}]")


def script_of(text: str) -> str:
    """Return zh, ja, ko, latin, cyrillic, arabic or other; `none` if there are hardly letters.

    The beginning of a text decides.
    """
    text = text[:_READ]
    if text.isascii():
        return "latin" if _LETTER.search(text) else UNTOLD
    sizes: dict[str, float] = {}
    if _ASIAN.search(text):
        name, size = _asian(text)
        if size > len(text) / 2:
            return name
        sizes[name] = size * _LETTERS_PER_HAN
    sizes |= {name: _size(pattern, text) for name, pattern in _OTHERS.items()}
    best = max(sizes, key=lambda name: sizes[name])
    return best if sizes[best] > 1 else UNTOLD


def han_variant(text: str) -> str | None:
    """Return whether Chinese text is simplified or traditional; None if that cannot be told.

    A few characters of the other kind, such as in a name, do not count.
    """
    text = text[:_READ]
    simplified, traditional = len(_SIMPLIFIED.findall(text)), len(_TRADITIONAL.findall(text))
    if simplified > 2 * traditional:
        return SIMPLIFIED
    return TRADITIONAL if traditional > 2 * simplified else None


def _asian(text: str) -> tuple[str, int]:
    han, kana, hangul = (_size(pattern, text) for pattern in (_HAN, _KANA, _HANGUL))
    if hangul > han + kana:
        return "ko", hangul + han
    return ("ja", han + kana) if kana > _KANA_SHARE * (han + kana) else ("zh", han)


def _size(pattern: re.Pattern[str], text: str) -> int:
    return sum(map(len, pattern.findall(text)))
