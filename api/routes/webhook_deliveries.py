"""The log of webhooks: what was sent, what came of it, and once more."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.dependencies import AfterCommit, Authenticated, InTransaction
from api.pagination import After, cut, limit_of
from api.schemas.common import ListWithIds
from api.schemas.webhook_deliveries import (
    DeliveryOut,
    DeliveryWithAttemptsOut,
    deliveries_out,
    delivery_out,
)
from domain.stages import Stage
from services import webhook_deliveries

router = APIRouter(prefix="/v1/webhook_deliveries", tags=["Webhooks"])

DeliveryId = Annotated[str, Path(description="A delivery's id, `wh_…`.")]


@router.get("", summary="List the deliveries about a job")
async def list_deliveries(
    caller: Authenticated,
    session: InTransaction,
    object_id: Annotated[str, Query(description="A job's id.")],
    after: After = None,
    limit: Annotated[int, limit_of()] = 20,
) -> ListWithIds[DeliveryOut]:
    """List what was told about a job, or is to be, newest first: to its own `webhook_url` as well."""
    rows = await webhook_deliveries.page_of_object(
        session, project_id=caller.project_id, object_id=object_id, after=after, limit=limit + 1
    )
    shown, has_more = cut(rows, limit)
    return deliveries_out(shown, has_more=has_more)


@router.get("/{delivery_id}", summary="Look at a delivery")
async def retrieve_delivery(
    delivery_id: DeliveryId, caller: Authenticated, session: InTransaction
) -> DeliveryWithAttemptsOut:
    """Return a delivery with its attempts: what was answered, how fast, or why nothing was."""
    return delivery_out(
        *await webhook_deliveries.get(session, project_id=caller.project_id, delivery_id=delivery_id)
    )


@router.post("/{delivery_id}/replay", summary="Replay a delivery")
async def replay_delivery(
    delivery_id: DeliveryId, caller: Authenticated, session: InTransaction, rings: AfterCommit
) -> DeliveryWithAttemptsOut:
    """Send it once more now, with the same `webhook-id` and bytes; if that fails, the retries begin anew."""
    replayed = await webhook_deliveries.replay(session, project_id=caller.project_id, delivery_id=delivery_id)
    rings.ring(Stage.DELIVER)
    return delivery_out(*replayed)
