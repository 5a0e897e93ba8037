"""Projects' bearer keys: made, listed, revoked, recognised."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from db.queries import projects
from db.queries.projects import Caller
from db.session import Session
from domain import ids
from domain.errors import NotFound, Unauthenticated
from domain.webhook_secrets import OVERLAP, new_webhook_secret
from services.secret_box import SecretBox

KEY_PREFIX = "tw_"
__all__ = [
    "ApiKeyRow",
    "Caller",
    "MadeKey",
    "authenticate",
    "create",
    "ensure",
    "list_all",
    "revoke",
    "rotate_webhook_secret",
]


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key in clear, shown once; the webhook secret only with the project's first key."""

    id: str
    project: str
    api_key: str = field(repr=False)
    webhook_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """A key as it is listed."""

    id: str
    project: str
    hint: str
    created_at: datetime
    revoked_at: datetime | None


def key_hash(api_key: str) -> bytes:
    """Return what is kept of a key. It has 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(api_key.encode("utf-8", "surrogatepass")).digest()


async def authenticate(session: Session, *, api_key: str) -> Caller:
    """Return whom a bearer key speaks for.

    Raises:
        Unauthenticated: no such key, or it was revoked.
    """
    caller = await projects.caller_of_key(session, key_hash=key_hash(api_key))
    if caller is None:
        message = f"Incorrect API key provided{_masked(api_key)}. 'tuneward keys create' makes one."
        raise Unauthenticated(message)
    return caller


def _masked(api_key: str) -> str:
    shown = api_key if api_key.isascii() and api_key.isprintable() else ""
    return f": {shown[:3]}…{shown[-4:]}" if len(shown) > 16 else ""  # noqa: PLR2004 - never most of a key


async def demand_live(session: Session, *, key_id: str) -> None:
    """Make sure of a key that was seen before.

    Raises:
        Unauthenticated: it was revoked since.
    """
    if not await projects.is_live_key(session, key_id=key_id):
        raise Unauthenticated


async def create(session: Session, box: SecretBox, *, project: str) -> MadeKey:
    """Make a key for the project of this name, and the project if it is new."""
    api_key = KEY_PREFIX + secrets.token_urlsafe(32)
    return await _keep(session, box, project=project, api_key=api_key)


async def ensure(
    session: Session, box: SecretBox, *, project: str, api_key: str, webhook_secret: str | None = None
) -> None:
    """Make sure that this very key exists; one that exists, revoked or not, stays as it is.

    `webhook_secret` is taken for a project that is new; without it one is made that nobody sees, until
    `rotate_webhook_secret`.
    """
    await _keep(session, box, project=project, api_key=api_key, webhook_secret=webhook_secret)


async def rotate_webhook_secret(session: Session, box: SecretBox, *, project: str) -> str:
    """Give a project a new webhook secret and return it, once; the old one signs beside it for 24 hours.

    Raises:
        NotFound: there is no such project.
    """
    secret = new_webhook_secret()
    if not await projects.rotate_webhook_secret(
        session, name=project, sealed=box.seal(secret), overlap=OVERLAP
    ):
        raise NotFound(f"There is no project {project!r}. 'tuneward keys list' shows them.")
    return secret


async def _keep(
    session: Session, box: SecretBox, *, project: str, api_key: str, webhook_secret: str | None = None
) -> MadeKey:
    secret = webhook_secret or new_webhook_secret()
    project_id = await projects.add_project(
        session, project_id=ids.new_id(ids.PROJECT), name=project, webhook_secret=box.seal(secret)
    )
    is_new = project_id is not None
    project_id = project_id or await projects.project_id_of_name(session, name=project)
    key_id = ids.new_id(ids.API_KEY)
    assert project_id is not None  # noqa: S101 - it was inserted or found
    await projects.add_api_key(
        session, key_id=key_id, project_id=project_id, key_hash=key_hash(api_key), key_hint=api_key[-4:]
    )
    return MadeKey(key_id, project, api_key, secret if is_new else None)


async def list_all(session: Session) -> list[ApiKeyRow]:
    """Return every key, oldest first."""
    return [ApiKeyRow(*row) for row in await projects.all_api_keys(session)]


async def revoke(session: Session, *, key_id: str) -> None:
    """Revoke a key; requests with it are refused from now on.

    Raises:
        NotFound: there is no such key, or it was revoked before.
    """
    if not await projects.revoke_api_key(session, key_id=key_id):
        raise NotFound(f"No live API key has the id {key_id!r}. 'tuneward keys list' shows them.")
