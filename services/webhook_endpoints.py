"""What clients do with webhook endpoints: make, list, change, delete, rotate their secret, try them out."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from db.queries import webhook_endpoints
from db.session import Session
from domain import events, ids, webhook_secrets
from domain.errors import EndpointUnreachable, NotFound, TooManyEndpoints
from domain.outcomes import Attempted
from domain.webhook_endpoints import (
    MOST_PER_PROJECT,
    EndpointChange,
    NewEndpoint,
    WebhookEndpoint,
    changed,
    starts_afresh,
)
from services.secret_box import SecretBox

_SHOWN_URL = 200


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """An endpoint and its new secret in clear, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A made-up event that is to be sent to an endpoint now, as real ones are."""

    endpoint_id: str
    event_type: str
    url: str
    delivery_id: str
    body: bytes
    secrets: tuple[str, ...] = field(repr=False)


async def create(session: Session, box: SecretBox, *, project_id: str, new: NewEndpoint) -> IssuedSecret:
    """Make an endpoint; it is told of what happens from the commit on.

    Raises:
        TooManyEndpoints: the project has as many as it may have.
    """
    if await webhook_endpoints.count_endpoints(session, project_id=project_id) >= MOST_PER_PROJECT:
        message = f"This project has {MOST_PER_PROJECT} webhook endpoints, and that is the limit. Delete one."
        raise TooManyEndpoints(message)
    secret = webhook_secrets.new_webhook_secret()
    endpoint = await webhook_endpoints.add_endpoint(
        session,
        id=ids.new_id(ids.ENDPOINT),
        project_id=project_id,
        name=new.name,
        url=new.url,
        event_types=list(new.event_types),
        secret=box.seal(secret),
        secret_hint=webhook_secrets.hint(secret),
    )
    return IssuedSecret(endpoint, secret)


async def page(session: Session, *, project_id: str, after: str | None, limit: int) -> list[WebhookEndpoint]:
    """Return up to `limit` endpoints behind the position `after`, newest first."""
    return await webhook_endpoints.endpoints_page(session, project_id=project_id, after=after, limit=limit)


async def get(session: Session, *, project_id: str, endpoint_id: str, lock: bool = False) -> WebhookEndpoint:
    """Return an endpoint of this project, locked if asked.

    Raises:
        NotFound: it has none with this id.
    """
    endpoint = None
    if ids.is_id(ids.ENDPOINT, endpoint_id):  # else not looked up: Postgres takes no NUL
        endpoint = await webhook_endpoints.endpoint_of_project(
            session, project_id=project_id, endpoint_id=endpoint_id, lock=lock
        )
    return _found(endpoint)


def _found(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise NotFound(param="webhook_endpoint_id")
    return endpoint


async def update(
    session: Session, *, project_id: str, endpoint_id: str, change: EndpointChange
) -> WebhookEndpoint:
    """Change an endpoint; one that stays as it was is not written.

    Raises:
        NotFound: this project has no such endpoint.
    """
    before = await get(session, project_id=project_id, endpoint_id=endpoint_id, lock=True)
    after = changed(before, change, now=datetime.now(UTC))
    if after == before:
        return before
    return await webhook_endpoints.save_endpoint(
        session, after, project_id=project_id, afresh=starts_afresh(before, after)
    )


async def delete(session: Session, *, project_id: str, endpoint_id: str) -> None:
    """Delete an endpoint; nothing more is sent to it.

    Raises:
        NotFound: this project has no such endpoint.
    """
    known = ids.is_id(ids.ENDPOINT, endpoint_id)
    if not known or not await webhook_endpoints.delete_endpoint(
        session, project_id=project_id, endpoint_id=endpoint_id
    ):
        raise NotFound(param="webhook_endpoint_id")


async def rotate_secret(
    session: Session, box: SecretBox, *, project_id: str, endpoint_id: str, keep_old: bool
) -> IssuedSecret:
    """Give an endpoint a new secret; the old one signs beside it for 24 hours, or no more.

    Raises:
        NotFound: this project has no such endpoint.
    """
    secret = webhook_secrets.new_webhook_secret()
    endpoint = None
    if ids.is_id(ids.ENDPOINT, endpoint_id):
        endpoint = await webhook_endpoints.rotate_secret(
            session,
            project_id=project_id,
            endpoint_id=endpoint_id,
            sealed=box.seal(secret),
            hint=webhook_secrets.hint(secret),
            overlap=webhook_secrets.OVERLAP if keep_old else None,
        )
    return IssuedSecret(_found(endpoint), secret)


async def begin_test(
    session: Session, box: SecretBox, *, project_id: str, endpoint_id: str, event_type: str
) -> Sample:
    """Return what is to be sent to try an endpoint out, a disabled one as well; nothing is kept of it.

    Raises:
        NotFound: this project has no such endpoint.
        SecretUnreadable: its secret was sealed with a key that is lost.
    """
    known = ids.is_id(ids.ENDPOINT, endpoint_id)
    row = None
    if known:
        row = await webhook_endpoints.signing_of_endpoint(
            session, project_id=project_id, endpoint_id=endpoint_id
        )
    if row is None:
        raise NotFound(param="webhook_endpoint_id")
    return Sample(
        endpoint_id=endpoint_id,
        event_type=event_type,
        url=row.url,
        delivery_id=ids.new_id(ids.DELIVERY),
        body=events.sample_body(
            event_type=event_type,
            event_id=ids.new_id(ids.WEBHOOK_EVENT),
            job_id=ids.new_id(ids.JOB),
            now=datetime.now(UTC),
        ),
        secrets=box.open_each(row.secret, row.previous_secret),
    )


def finish_test(sample: Sample, attempted: Attempted) -> int:
    """Return the status that the endpoint answered with, whatever it is.

    Raises:
        EndpointUnreachable: it gave no answer; the message says why.
    """
    if attempted.status is None:
        message = f"No answer came from {sample.url[:_SHOWN_URL]!r}: {attempted.error}."
        raise EndpointUnreachable(message, param="url")
    return attempted.status
