"""Question and answer pairs: one question, one answer, a system prompt if there is one."""

from domain.training_data.building import ExampleDict, single_turn
from domain.training_data.conversion.fields import (
    ANSWER,
    QUESTION,
    SYSTEM,
    Dropped,
    Fields,
    named,
    optional_text,
    text,
)


def example_of(fields: Fields, system: str | None, dropped: Dropped) -> ExampleDict:
    """Return the example of one record.

    Raises:
        Misfit: The question or the answer is missing, blank or no text.
    """
    question, answer, prompt = (named(fields, aliases) for aliases in (QUESTION, ANSWER, SYSTEM))
    example = single_turn(
        text(fields, question, called="question"),
        text(fields, answer, called="answer"),
        system=optional_text(fields, prompt) or system,
    )
    dropped.count(fields.keys() - {question, answer, prompt})
    return example
