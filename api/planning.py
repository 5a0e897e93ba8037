"""A create that is only planned."""

import asyncio

from api.resources import Resources
from api.schemas.jobs import CreateJob
from api.schemas.plans import PlanOut, plan_out
from domain.addresses import check_url
from services import api_keys, models, plans
from services.api_keys import Caller
from services.plans import Wish


async def planned(body: CreateJob, held: Resources, caller: Caller) -> PlanOut:
    """Plan the job that a body asks for; what a create refuses is refused as well.

    Raises:
        Unauthenticated: the key was revoked.
        ModelNotFound: the project has no such model.
        InvalidTrainingFile: a file is missing, or cannot be used.
        InvalidRequest: a parameter is not right.
    """
    if body.webhook_url is not None:
        check_url(body.webhook_url, allowed_networks=held.allowed_networks, param="webhook_url")
    async with held.database.transaction() as session:
        await api_keys.demand_live(session, key_id=caller.api_key_id)
        platform_model = await models.resolve(
            session, project_id=caller.project_id, configured=held.models, name=body.model
        )
        wish = _wish(body, platform_model)
        ground = await plans.ground(session, project_id=caller.project_id, wish=wish, prices=held.prices)
    made = await asyncio.to_thread(plans.plan, ground)
    return plan_out(made, training_file=wish.training_file_id, validation_file=wish.validation_file_id)


def _wish(body: CreateJob, platform_model: str) -> Wish:
    new = body.to_new_job(platform_model=platform_model)
    assert new.tuning is not None  # noqa: S101 - `to_new_job` sets it
    return Wish(
        platform_model=platform_model,
        training_file_id=new.training_file_id,
        validation_file_id=new.validation_file_id,
        tuning=new.tuning,
    )
