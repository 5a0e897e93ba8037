"""`tuneward platform check`: what the configured platform has, and how its answers differ from OpenAI's."""

import asyncio
import json
import shutil
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from config.settings import Settings
    from db.session import Session
    from xpulink.check.asking import Asker
    from xpulink.check.report import Report
    from xpulink.check.trying import Trial

app = typer.Typer(help="The platform that the settings name.", no_args_is_help=True)
NARROWEST, WIDEST = 72, 120


@app.callback()
def platform() -> None:
    """The platform that the settings name."""


@app.command()
def check(
    submit: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            readable=True,
            help="Also upload this training file and create one job; THIS MAY COST MONEY.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="The platform's name of the model for --submit; the first configured.")
    ] = None,
    remember: Annotated[
        bool,
        typer.Option("--remember", help="Tell the workers which routes are there, through the database."),
    ] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that each answer may take.")] = 15.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find out what the configured platform has; nothing on it is changed without --submit."""
    from xpulink.check.trying import Trial

    settings = _settings(needs_database=remember)
    trial = None
    if submit is not None:
        trial = Trial(submit.name, submit.read_bytes(), model or next(iter(settings.models.values())))
        _say(f"This uploads {submit} and creates a job of {trial.model}, which may cost money.")
    report = asyncio.run(_report(_asker(settings, timeout), trial))
    if remember and report.problem is None:
        _remember(report)
    print(json.dumps(report.json(), ensure_ascii=False, indent=2) if as_json else _table(report))
    raise typer.Exit(0 if report.usable else 1)


def _settings(*, needs_database: bool) -> "Settings":
    """Return the settings; a database is not needed to ask a platform."""
    import os

    from cli.database import settings_or_exit
    from config.settings import Settings

    if needs_database or os.environ.get("DATABASE_URL"):
        return settings_or_exit()
    return settings_or_exit(lambda: Settings(database_url="postgresql://not-needed"))


def _asker(settings: "Settings", timeout: float) -> "Asker":
    from xpulink.check.asking import Asker, Places

    if settings.xpulink_api_key is None:
        _say("XPULINK_API_KEY: set the platform's key, or there is nothing to check")
        raise typer.Exit(2)
    places = Places(
        files=settings.xpulink_files_path,
        jobs=settings.xpulink_jobs_path,
        models=settings.xpulink_models_path,
        chat=settings.xpulink_chat_path,
    )
    key = settings.xpulink_api_key.get_secret_value()
    try:
        return Asker(settings.xpulink_base_url, key, places, timedelta(seconds=timeout))
    except ValueError as error:
        _say(str(error))
        raise typer.Exit(2) from error


async def _report(asker: "Asker", trial: "Trial | None") -> "Report":
    from xpulink.check.reading import look
    from xpulink.check.trying import attempt

    try:
        report = await look(asker)
        if trial is not None and report.problem is None:
            await attempt(asker, report, trial)
    finally:
        await asker.aclose()
    return report


def _remember(report: "Report") -> None:
    """Keep what is certain about optional routes, as if a worker had found it."""
    from cli.database import in_transaction
    from services import credentials
    from xpulink.check.reading import CAPABILITIES
    from xpulink.check.report import Verdict

    async def work(session: "Session") -> None:
        await credentials.remember_routes(
            session,
            credential_id=await credentials.ensure_default(session),
            missing=[CAPABILITIES[name] for name in report.routes(Verdict.NO, CAPABILITIES)],
            present=[CAPABILITIES[name] for name in report.routes(Verdict.YES, CAPABILITIES)],
        )

    in_transaction(work)


def _table(report: "Report") -> str:
    """Write the report in columns as wide as the terminal."""
    width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST)
    lines = [f"Platform: {report.base_url}", ""]
    column = max((len(found.capability) for found in report.findings), default=0)
    for found in report.findings:
        head = f"  {found.capability:{column}}  {found.verdict:7}  "
        lines += textwrap.wrap(
            f"{head}{found.note}", width, subsequent_indent=" " * len(head), drop_whitespace=True
        ) or [head]
    lines += [""] if report.findings else []
    lines += [part for warning in report.warnings for part in textwrap.wrap(warning, width)]
    lines += textwrap.wrap(report.problem or _verdict(report), width)
    lines += [f"  {name}={value}" for name, value in report.settings.items()]
    return "\n".join(line.rstrip() for line in lines)


def _verdict(report: "Report") -> str:
    from xpulink.check.report import NEEDED, Verdict

    lacks = sorted(report.routes(Verdict.NO, NEEDED))
    if lacks:
        return f"The platform cannot be used: it does not {', '.join(lacks)}."
    unproven = sorted(report.routes(Verdict.UNKNOWN, NEEDED))
    if unproven:
        return f"The platform can be used, as far as can be seen. Not shown yet: {', '.join(unproven)}."
    return "The platform can be used."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
