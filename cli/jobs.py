"""`tuneward jobs`: see what runs, see what is stuck, set it free."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.database import in_transaction
from domain.job_state import JobState

if TYPE_CHECKING:
    from db.session import Session
    from domain.jobs import Job

app = typer.Typer(help="Jobs of all projects, for operators.", no_args_is_help=True)
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")]


@app.command("list")
def list_jobs(
    project: Annotated[str | None, typer.Option(help="Only this project's.")] = None,
    state: Annotated[JobState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Limit = 50,
) -> None:
    """List the newest jobs."""
    from services import operations

    show(
        in_transaction(
            lambda session: operations.recent_jobs(session, project=project, state=state, limit=limit)
        )
    )


@app.command()
def stuck(limit: Limit = 50) -> None:
    """List living jobs that should have moved: overdue, warned about, or found after a crash.

    What they wait for all together, a platform that refuses our key or does not answer, comes first.
    """
    from services import operations, parking

    for account in in_transaction(parking.parked_accounts):
        print(f"The platform (account {account.name}) {account.explanation}.")
    show(in_transaction(lambda session: operations.stuck_jobs(session, limit=limit)))


@app.command()
def release(job_id: Annotated[str, typer.Argument(help="The job's id.")]) -> None:
    """Take a living job out of whoever's hands and make it due now."""
    from services import operations

    async def work(session: "Session") -> None:
        await operations.release(session, job_id=job_id)

    in_transaction(work)
    print(f"Released {job_id}; the next free worker takes it.")


def show(jobs: "list[Job]") -> None:
    """Print one line a job: id, state and since when, the platform's id, what is wrong."""
    for job in jobs:
        trouble = f"crashes {job.crashes}" if job.crashes else job.error_code or ""
        print(
            f"{job.id}  {job.state:10}  since {job.state_since:%Y-%m-%d %H:%M:%S}  "
            f"{job.platform_job_id or '-':40}  {job.project_id}  {trouble}".rstrip()
        )
    if not jobs:
        print("none")
