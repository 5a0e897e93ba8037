"""In which language a command speaks, and how its words are kept: both languages side by side."""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import typer

from domain.wording import all_in_chinese, in_chinese


class Language(StrEnum):
    """What the output is written in."""

    EN = "en"
    ZH = "zh"


Lang = Annotated[
    Language | None, typer.Option("--lang", help="The language of the output; else that of LC_ALL or LANG.")
]


class Words(NamedTuple):
    """The same words in both languages; what stands in braces is filled in."""

    en: str
    zh: str

    def say(self, language: Language, /, **values: Any) -> str:
        """Return them in one language; a value that is `Words` itself is said in it too."""
        said = {
            name: _one_of(value, language) if isinstance(value, Words) else value
            for name, value in values.items()
        }
        template = all_in_chinese(self.zh) if language is Language.ZH else self.en
        return template.format_map(said)


def _one_of(words: Words, language: Language) -> str:
    return in_script(words.zh if language is Language.ZH else words.en, language)


def spoken(asked: Language | None) -> Language:
    """Return the language that was asked for, or that of the environment."""
    if asked is not None:
        return asked
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return Language.ZH if next(filter(None, names), "").casefold().startswith("zh") else Language.EN


def told(entry: Mapping[str, Any], field: str, language: Language) -> str:
    """Return a text of a report, which has it as `field` and, in Chinese, as `field` with `_zh`."""
    return in_script(str(entry[f"{field}_zh" if language is Language.ZH else field]), language)


def in_script(text: str, language: Language) -> str:
    """Return Chinese text with Chinese punctuation; other text as it is."""
    return text if language is Language.EN else in_chinese(text)
