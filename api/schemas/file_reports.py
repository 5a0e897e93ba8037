"""Reports on training files on the wire."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from domain.training_data.personal_data.policies import SENTENCES, Policy
from domain.wording import in_chinese


class ReportedError(BaseModel):
    """A fault: the line cannot be used."""

    line: int | None = Field(description="The line, counted from 1, blank ones too; null: the whole file.")
    message_index: int | None = Field(
        description="The message, counted from 0; null: the line as a whole, or the file."
    )
    code: str = Field(description="For programs: stays the same.")
    message: str = Field(description="What is wrong.")
    fix: str = Field(description="How to mend it.")
    message_zh: str = Field(description="What is wrong, in Chinese.")
    fix_zh: str = Field(description="How to mend it, in Chinese.")


class ReportedWarning(ReportedError):  # noqa: N818 - no exception
    """Something to think about; it does not keep the file from being used."""

    lines: list[int] = Field(description="Up to ten of the lines that are meant.")
    count: int = Field(description="How many places there are in all.")


class Report(BaseModel):
    """What is wrong with a training file, and what it comes to."""

    errors: list[ReportedError] = Field(description="All faults, in the order of the file; the first 10,000.")
    warnings: list[ReportedWarning] = Field(description="What the deeper looks found.")
    summary: dict[str, Any] = Field(
        description="Whether the file is `usable`; `examples`, `lines`, `kind`, `tokens` (`exact`, or an "
        "estimate with its `error`), `duplicates`, `topics`, `languages`, `personal_data` and more."
    )


class FileReportOut(Report):
    """The report on a file that was uploaded."""

    object: Literal["file.report"] = "file.report"
    file_id: str = Field(description="Id of the file.")
    status: Literal["pending", "complete", "failed"] = Field(
        description="`pending`: the faults are all there, and a worker has yet to look deeper."
    )


class ExampleTokens(BaseModel):
    """The tokens of one example."""

    line: int = Field(description="Its line, counted from 1.")
    tokens: int = Field(description="All its tokens, in the model's chat template.")
    trained_tokens: int = Field(description="Those of them that the model learns to say.")


class TokenList(BaseModel):
    """A page of examples with their tokens."""

    object: Literal["list"] = "list"
    data: list[ExampleTokens] = Field(description="In the order of the file.")
    has_more: bool = Field(description="Whether there are examples behind these.")


class TrainingDataPolicy(BaseModel):
    """What the project does about personal data and secrets in training files."""

    personal_data: Policy = Field(
        description=" ".join(f"`{policy}`: {english}" for policy, (english, _) in SENTENCES.items())
    )


class TrainingDataPolicyOut(TrainingDataPolicy):
    """The policy, and what it means."""

    object: Literal["training_data.policy"] = "training_data.policy"
    meaning: str = Field(description="In words.")
    meaning_zh: str = Field(description="In Chinese.")


def policy_out(policy: Policy) -> TrainingDataPolicyOut:
    """Show a policy."""
    english, chinese = SENTENCES[policy]
    return TrainingDataPolicyOut(personal_data=policy, meaning=english, meaning_zh=in_chinese(chinese))
