"""Webhook endpoints, after OpenAI's management API, and what was sent to them."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.dependencies import Authenticated, AuthenticatedAlone, Held, InTransaction
from api.pagination import After, cut, limit_of
from api.schemas.common import ListWithIds
from api.schemas.webhook_deliveries import DeliveryOut, deliveries_out
from api.schemas.webhook_endpoints import (
    CreateEndpoint,
    EndpointDeleted,
    EndpointOut,
    EndpointWithSecretOut,
    EventTypeList,
    RotateSecret,
    TestEvent,
    TestOut,
    UpdateEndpoint,
    endpoint_out,
    endpoints_out,
    issued_out,
    test_out,
)
from domain import ids
from domain.events import EVENT_TYPES
from services import webhook_deliveries, webhook_endpoints

router = APIRouter(tags=["Webhooks"], strict_content_type=False)
ENDPOINTS = "/v1/webhook_endpoints"

EndpointId = Annotated[str, Path(description="A webhook endpoint's id, `we_…`.")]


@router.post(ENDPOINTS, summary="Create a webhook endpoint")
async def create_endpoint(
    body: CreateEndpoint, caller: Authenticated, session: InTransaction, held: Held
) -> EndpointWithSecretOut:
    """Have the ends of this project's jobs told to a URL. The secret is shown here and never again."""
    new = body.to_new_endpoint(held.allowed_networks)
    return issued_out(
        await webhook_endpoints.create(session, held.box, project_id=caller.project_id, new=new)
    )


@router.get(ENDPOINTS, summary="List webhook endpoints")
async def list_endpoints(
    caller: Authenticated,
    session: InTransaction,
    after: After = None,
    limit: Annotated[int, limit_of()] = 20,
) -> ListWithIds[EndpointOut]:
    """List this project's webhook endpoints, newest first."""
    if after is not None and not ids.is_id(ids.ENDPOINT, after):
        return endpoints_out([], has_more=False)
    rows = await webhook_endpoints.page(session, project_id=caller.project_id, after=after, limit=limit + 1)
    shown, has_more = cut(rows, limit)
    return endpoints_out(shown, has_more=has_more)


@router.get(ENDPOINTS + "/{endpoint_id}", summary="Look at a webhook endpoint")
async def retrieve_endpoint(
    endpoint_id: EndpointId, caller: Authenticated, session: InTransaction
) -> EndpointOut:
    """Return a webhook endpoint of this project, and whether it is failing or disabled."""
    return endpoint_out(
        await webhook_endpoints.get(session, project_id=caller.project_id, endpoint_id=endpoint_id)
    )


@router.post(ENDPOINTS + "/{endpoint_id}", summary="Change a webhook endpoint")
async def update_endpoint(
    endpoint_id: EndpointId,
    caller: Authenticated,
    session: InTransaction,
    held: Held,
    body: UpdateEndpoint | None = None,
) -> EndpointOut:
    """Change what is named and leave the rest; `event_types` replaces all of them."""
    change = (body or UpdateEndpoint()).to_change(held.allowed_networks)
    return endpoint_out(
        await webhook_endpoints.update(
            session, project_id=caller.project_id, endpoint_id=endpoint_id, change=change
        )
    )


@router.delete(ENDPOINTS + "/{endpoint_id}", summary="Delete a webhook endpoint")
async def delete_endpoint(
    endpoint_id: EndpointId, caller: Authenticated, session: InTransaction
) -> EndpointDeleted:
    """Delete a webhook endpoint; what was not delivered yet ends as `exhausted`."""
    await webhook_endpoints.delete(session, project_id=caller.project_id, endpoint_id=endpoint_id)
    return EndpointDeleted(id=endpoint_id)


@router.post(ENDPOINTS + "/{endpoint_id}/rotate_secret", summary="Rotate a webhook endpoint's secret")
async def rotate_secret(
    endpoint_id: EndpointId,
    caller: Authenticated,
    session: InTransaction,
    held: Held,
    body: RotateSecret | None = None,
) -> EndpointWithSecretOut:
    """Make a new secret, shown here and never again; the old one stops at once unless it is kept."""
    keep_old = body is not None and body.keep_old_secret_active_for_24_hours
    issued = await webhook_endpoints.rotate_secret(
        session, held.box, project_id=caller.project_id, endpoint_id=endpoint_id, keep_old=keep_old
    )
    return issued_out(issued)


@router.post(ENDPOINTS + "/{endpoint_id}/test", summary="Try a webhook endpoint out")
async def test_endpoint(
    endpoint_id: EndpointId, body: TestEvent, caller: AuthenticatedAlone, held: Held
) -> TestOut:
    """Send one signed event of this type now, with `"test": true` in its data, and tell what was answered.

    Any answer is a success of the test, whatever its status; no answer is 409. Nothing is recorded, and a
    disabled endpoint can be tried out as well.
    """
    event_type = body.checked()
    async with held.database.transaction() as session:
        sample = await webhook_endpoints.begin_test(
            session, held.box, project_id=caller.project_id, endpoint_id=endpoint_id, event_type=event_type
        )
    with held.webhook_tests.taken_by(caller.project_id):
        attempted = await held.webhook_sender.attempt(
            url=sample.url, body=sample.body, delivery_id=sample.delivery_id, secrets=sample.secrets
        )
    return test_out(sample, webhook_endpoints.finish_test(sample, attempted), attempted)


@router.get(ENDPOINTS + "/{endpoint_id}/deliveries", summary="List an endpoint's deliveries")
async def list_endpoint_deliveries(
    endpoint_id: EndpointId,
    caller: Authenticated,
    session: InTransaction,
    after: After = None,
    limit: Annotated[int, limit_of()] = 20,
) -> ListWithIds[DeliveryOut]:
    """List what was sent to a webhook endpoint, or is to be, newest first."""
    rows = await webhook_deliveries.page_of_endpoint(
        session, project_id=caller.project_id, endpoint_id=endpoint_id, after=after, limit=limit + 1
    )
    shown, has_more = cut(rows, limit)
    return deliveries_out(shown, has_more=has_more)


@router.get("/v1/webhook_event_types", summary="List webhook event types")
async def list_event_types(caller: Authenticated) -> EventTypeList:  # noqa: ARG001 - asks for a key
    """List the events that a webhook endpoint can be told of."""
    return EventTypeList(data=list(EVENT_TYPES))
