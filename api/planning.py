"""A create that is only planned."""

from api.dependencies import Held, InTransaction
from api.schemas.jobs import CreateJob
from api.schemas.plans import PlanOut, plan_out
from services import models, plans
from services.plans import Wish


async def planned(body: CreateJob, session: InTransaction, held: Held, *, project_id: str) -> PlanOut:
    """Plan the job that a body asks for."""
    platform_model = await models.resolve(
        session, project_id=project_id, configured=held.models, name=body.model
    )
    new = body.to_new_job(platform_model=platform_model)
    assert new.tuning is not None  # noqa: S101 - `to_new_job` sets it
    wish = Wish(
        platform_model=platform_model,
        training_file_id=new.training_file_id,
        validation_file_id=new.validation_file_id,
        tuning=new.tuning,
    )
    made = await plans.plan(session, project_id=project_id, wish=wish, prices=held.prices)
    return plan_out(made, training_file=new.training_file_id, validation_file=new.validation_file_id)
