"""What becomes of a training file that was uploaded: used, refused, or looked at first."""

from dataclasses import dataclass

from domain.errors import InvalidRequest
from domain.training_data.personal_data.policies import Policy
from domain.training_data.structure import Structure
from domain.wording import as_written

_LONGEST_NUMBER = 64
"""Characters: more than any number is written with whose digits mean something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a project and an upload ask for; `fewest_examples` comes from the settings."""

    policy: Policy = Policy.WARN
    max_invalid_ratio: float = 0.0
    fewest_examples: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A file's status, its details, and whether a worker has to make the copy that jobs train on."""

    status: str
    details: str | None = None


def admission(structure: Structure, terms: Terms) -> Admission:
    """Return what a file's structure comes to under these terms.

    It is `uploaded` while nothing but a worker's look stands in the way: lines are left out, or personal
    data is replaced or barred. Else it is `processed` at once, or `error`.
    """
    if structure.examples < max(1, terms.fewest_examples):
        return Admission(status="error", details=structure.summary or _too_few(structure, terms))
    if structure.usable:
        waits = terms.policy in {Policy.REDACT, Policy.BLOCK}
        return Admission(status="uploaded" if waits else "processed")
    if structure.invalid_ratio > terms.max_invalid_ratio:
        return Admission(status="error", details=_too_many(structure, terms))
    return Admission(status="uploaded", details=structure.summary)


def _too_few(structure: Structure, terms: Terms) -> str:
    return (
        f"The file has {structure.examples} examples, and this service asks for at least "
        f"{terms.fewest_examples}. 样本数量不足。"
    )


def _too_many(structure: Structure, terms: Terms) -> str:
    if not terms.max_invalid_ratio:
        return structure.summary
    return (
        f"{structure.invalid_ratio:.1%} of the lines cannot be used, and max_invalid_ratio is "
        f"{terms.max_invalid_ratio:g}. {structure.summary}"
    )


def ratio_of(text: str | None) -> float:
    """Return the share of faulty lines that a form field `max_invalid_ratio` tolerates; 0 if there is none.

    Raises:
        InvalidRequest: it is not a number from 0 to 1.
    """
    if text is None:
        return 0.0
    try:
        ratio = float(text) if text.isascii() and len(text) <= _LONGEST_NUMBER else -1.0
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        message = (
            f"Invalid max_invalid_ratio: {as_written(text)} is not a number from 0 to 1; 0.05 tolerates that "
            "5 % of the lines cannot be used, and leaves them out."
        )
        raise InvalidRequest(message, param="max_invalid_ratio")
    return ratio
