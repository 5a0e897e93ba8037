"""What happened, written down for everybody who asked to be told, in the transaction it happened in."""

from db.queries import webhooks
from db.session import Session
from domain import ids
from domain.events import JOB_ENDED, job_ended_body
from domain.jobs import Job


async def announce_end(session: Session, job: Job) -> None:
    """Record a job's end and a delivery, with its body frozen, for each endpoint that wants it."""
    event_type = JOB_ENDED[job.state]
    endpoints = await webhooks.endpoints_to_tell(
        session,
        project_id=job.project_id,
        event_type=event_type,
        own_endpoint_id=job.webhook_endpoint_id,
    )
    now = job.read_at
    event_id = ids.new_id(ids.WEBHOOK_EVENT, at=now)
    await webhooks.add_event(
        session,
        event_id=event_id,
        project_id=job.project_id,
        type=event_type,
        object_id=job.id,
        sequence=job.sequence,
        body=job_ended_body(job, event_id=event_id, event_type=event_type, now=now),
        delivery_ids=[ids.new_id(ids.DELIVERY, at=now) for _ in endpoints],
        endpoint_ids=endpoints,
    )
