"""Our vocabulary and DashScope's own tokenizer, both made of the file in the `dashscope` package."""

from functools import lru_cache

from dashscope.tokenizers.qwen_tokenizer import QwenTokenizer

from domain.training_data.vocabulary import Vocabulary
from examining import looking


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    return looking.vocabulary()


def dashscope_count(text: str) -> int:
    return len(_tokenizer().encode(text))


@lru_cache(maxsize=1)
def _tokenizer() -> QwenTokenizer:
    return QwenTokenizer(str(looking.vocabulary_file()))
