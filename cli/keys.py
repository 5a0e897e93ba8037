"""`tuneward keys`: make, list and revoke API keys."""

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli.database import in_transaction, keys_or_exit

if TYPE_CHECKING:
    from db.session import Session
    from services.api_keys import ApiKeyRow, MadeKey

app = typer.Typer(help="API keys of projects.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    project: Annotated[str, typer.Option(help="The project's name; a new one is made.")],
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown once; so is the project's webhook secret, with its first key."""
    from services import api_keys
    from services.secret_box import SecretBox

    box = SecretBox(keys_or_exit())
    made: MadeKey = in_transaction(lambda session: api_keys.create(session, box, project=project))
    if as_json:
        print(json.dumps(dataclasses.asdict(made)))
        return
    print(f"API key of project {made.project!r} (id {made.id}), shown once:\n  {made.api_key}")
    if made.webhook_secret:
        print(f"Its webhook secret, shown once:\n  {made.webhook_secret}")


@app.command("rotate-webhook-secret")
def rotate_webhook_secret(
    project: Annotated[str, typer.Option(help="The project's name.")], as_json: AsJson = False
) -> None:
    """Make a new webhook secret, shown once; the old one signs beside it for 24 hours."""
    from services import api_keys
    from services.secret_box import SecretBox

    box = SecretBox(keys_or_exit())
    secret: str = in_transaction(
        lambda session: api_keys.rotate_webhook_secret(session, box, project=project)
    )
    print(json.dumps({"project": project, "webhook_secret": secret}) if as_json else secret)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys of all projects, without the keys themselves."""
    from services import api_keys

    rows: list[ApiKeyRow] = in_transaction(api_keys.list_all)
    if as_json:
        print(json.dumps([dataclasses.asdict(row) for row in rows], default=str))
        return
    for row in rows:
        revoked = f"revoked {row.revoked_at:%Y-%m-%d %H:%M}" if row.revoked_at else "live"
        print(f"{row.id}  …{row.hint}  {row.created_at:%Y-%m-%d %H:%M}  {revoked:24}  {row.project}")


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(help="The key's id, from 'tuneward keys list'.")]) -> None:
    """Revoke a key: requests with it are refused from now on."""
    from services import api_keys

    async def work(session: "Session") -> None:
        await api_keys.revoke(session, key_id=key_id)

    in_transaction(work)
    print(f"Revoked {key_id}.")
