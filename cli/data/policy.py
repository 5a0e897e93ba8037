"""`tuneward data policy`: what a project does about personal data in the files that it uploads."""

from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from cli.data.language import Lang, Words, spoken

if TYPE_CHECKING:
    from db.session import Session
    from domain.training_data.personal_data.policies import Policy

_IS: Final = Words("{project}: {policy}. {sentence}", "{project}:{policy}。{sentence}")
_FROM_NOW: Final = Words("Files that were uploaded before keep theirs.", "此前上传的文件沿用原来的策略。")


def policy(
    project: Annotated[str, typer.Option(help="The project's name.")],
    new: Annotated[
        Literal["allow", "warn", "redact", "block"] | None,
        typer.Argument(metavar="[allow|warn|redact|block]", help="Set it; else it is shown."),
    ] = None,
    lang: Lang = None,
) -> None:
    """Show or set what a project does about personal data and secrets in its training files."""
    from cli.database import in_transaction
    from domain.training_data.personal_data.policies import SENTENCES, Policy
    from services import file_reports, projects

    async def work(session: "Session") -> "Policy":
        project_id = await projects.id_of_name(session, name=project)
        if new is not None:
            await file_reports.set_policy(session, project_id=project_id, policy=Policy(new))
        return await file_reports.policy(session, project_id=project_id)

    language = spoken(lang)
    now = in_transaction(work)
    print(_IS.say(language, project=project, policy=now, sentence=Words(*SENTENCES[now])))
    if new is not None:
        print(_FROM_NOW.say(language))
