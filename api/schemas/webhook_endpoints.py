"""Webhook endpoints on the wire."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool

from api.schemas.common import ListWithIds, Storable, list_with_ids
from api.schemas.jobs import seconds
from domain.addresses import MAX_URL_LENGTH, Network, check_url
from domain.events import EVENT_TYPES, check_event_type, check_event_types
from domain.outcomes import Attempted
from domain.webhook_endpoints import EndpointChange, NewEndpoint, WebhookEndpoint
from services.webhook_endpoints import IssuedSecret, Sample

_URL_EXAMPLE = "https://example.com/hooks"
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, description="What people call it.", examples=["Training team"]),
    Storable,
]
Url = Annotated[
    str,
    Field(
        max_length=MAX_URL_LENGTH,
        description="Where webhooks go: `https://`, at a public address.",
        examples=[_URL_EXAMPLE],
        json_schema_extra={"format": "uri"},
    ),
    Storable,
]
EventType = Annotated[
    str,
    Field(
        max_length=100,
        description="One of `GET /v1/webhook_event_types`.",
        examples=[EVENT_TYPES[0]],
        json_schema_extra={"enum": list(EVENT_TYPES)},
    ),
    Storable,
]
EventTypes = Annotated[
    list[EventType],
    Field(
        max_length=100,
        description="What it is told of, at least one of `GET /v1/webhook_event_types`.",
        examples=[list(EVENT_TYPES)],
        json_schema_extra={"minItems": 1},
    ),
]


class CreateEndpoint(BaseModel):
    """A request for a webhook endpoint."""

    name: Name
    url: Url
    event_types: EventTypes

    def to_new_endpoint(self, allowed_networks: Sequence[Network]) -> NewEndpoint:
        """Return the endpoint to be made.

        Raises:
            InvalidRequest: the URL may not be called, or there is no such event type.
        """
        check_url(self.url, allowed_networks=allowed_networks, param="url")
        types = check_event_types(self.event_types, param="event_types")
        return NewEndpoint(name=self.name, url=self.url, event_types=types)


class UpdateEndpoint(BaseModel):
    """What is to be changed about a webhook endpoint; what is left out, or null, stays."""

    name: Name | None = Field(None, description="What people call it from now on.")
    url: Url | None = Field(
        None, description="Where webhooks go from now on. Naming it, even the same, enables the endpoint."
    )
    event_types: EventTypes | None = Field(
        None, description="All that it is told of from now on, in place of what it was told of before."
    )
    enabled: StrictBool | None = Field(
        None,
        description="`false` switches the endpoint off and ends its pending deliveries; `true` switches it on"
        " again, whatever had disabled it.",
    )

    def to_change(self, allowed_networks: Sequence[Network]) -> EndpointChange:
        """Return the change; errors are those of `CreateEndpoint.to_new_endpoint`."""
        if self.url is not None:
            check_url(self.url, allowed_networks=allowed_networks, param="url")
        types = self.event_types
        return EndpointChange(
            name=self.name,
            url=self.url,
            event_types=None if types is None else check_event_types(types, param="event_types"),
            enabled=self.enabled,
        )


class RotateSecret(BaseModel):
    """How a webhook endpoint gets its new secret."""

    keep_old_secret_active_for_24_hours: StrictBool = Field(
        default=False, description="Sign with the old secret as well for 24 hours; else it stops at once."
    )


class TestEvent(BaseModel):
    """Which event a webhook endpoint is tried out with."""

    event_type: EventType

    def checked(self) -> str:
        """Return the type.

        Raises:
            InvalidRequest: there is no such event type.
        """
        return check_event_type(self.event_type, param="event_type")


class EndpointOut(BaseModel):
    """A webhook endpoint, as OpenAI describes it, with its health beside it."""

    id: str = Field(description="Its id, `we_…`.")
    object: Literal["webhook_endpoint"] = Field("webhook_endpoint", description="Always this.")
    created_at: int = Field(description="When it was made, in Unix seconds.")
    updated_at: int | None = Field(
        description="When its configuration or secret was last changed, in Unix seconds."
    )
    name: str = Field(description="What people call it.")
    url: str = Field(description="Where webhooks go.")
    event_types: list[str] = Field(description="What it is told of.")
    signing_secret_hint: str | None = Field(description="The end of its secret, to tell one from another.")
    enabled: bool = Field(description="Whether anything is sent to it.")
    disabled_at: int | None = Field(description="Since when it is switched off, in Unix seconds.")
    disabled_reason: str | None = Field(description="Why it is switched off.")
    failing_since: int | None = Field(
        description="Since when every attempt has failed, in Unix seconds; after five days it is disabled."
    )


class EndpointWithSecretOut(EndpointOut):
    """A webhook endpoint with the secret that verifies its webhooks, shown this once."""

    signing_secret: str = Field(description="`whsec_…`: give it to what receives the webhooks.")


class EndpointDeleted(BaseModel):
    """The answer to a delete."""

    id: str = Field(description="The id of the endpoint that is gone.")
    object: Literal["webhook_endpoint.deleted"] = Field(
        "webhook_endpoint.deleted", description="Always this."
    )
    deleted: bool = Field(default=True, description="Always true.")


class TestOut(BaseModel):
    """What an endpoint answered to a test."""

    object: Literal["webhook_endpoint.test"] = Field("webhook_endpoint.test", description="Always this.")
    webhook_endpoint_id: str = Field(description="The endpoint that got the event.")
    event_type: str = Field(description="The type of the event.")
    status_code: int = Field(description="The HTTP status it answered with; a delivery needs a 2xx.")
    success: Literal[True] = Field(
        default=True, description="Whether an answer came at all: always true, see `status_code`."
    )
    duration_ms: int = Field(description="How long that took.")
    answer: str = Field(description="The first 4 kB of the answer.")


class EventTypeList(BaseModel):
    """The event types there are."""

    object: Literal["list"] = Field("list", description="Always this.")
    data: list[str] = Field(description="Their names.", examples=[list(EVENT_TYPES)])


def endpoint_out(endpoint: WebhookEndpoint) -> EndpointOut:
    """Show an endpoint, without its secret."""
    return EndpointOut(
        id=endpoint.id,
        created_at=int(endpoint.created_at.timestamp()),
        updated_at=seconds(endpoint.updated_at),
        name=endpoint.name,
        url=endpoint.url,
        event_types=list(endpoint.event_types),
        signing_secret_hint=endpoint.secret_hint,
        enabled=endpoint.disabled_at is None,
        disabled_at=seconds(endpoint.disabled_at),
        disabled_reason=endpoint.disabled_reason,
        failing_since=seconds(endpoint.failing_since),
    )


def issued_out(issued: IssuedSecret) -> EndpointWithSecretOut:
    """Show an endpoint with its new secret."""
    shown = endpoint_out(issued.endpoint).model_dump()
    return EndpointWithSecretOut(**shown, signing_secret=issued.secret)


def endpoints_out(endpoints: Sequence[WebhookEndpoint], *, has_more: bool) -> ListWithIds[EndpointOut]:
    """Show a page."""
    return list_with_ids([endpoint_out(endpoint) for endpoint in endpoints], has_more=has_more)


def test_out(sample: Sample, status: int, attempted: Attempted) -> TestOut:
    """Show what an endpoint answered."""
    return TestOut(
        webhook_endpoint_id=sample.endpoint_id,
        event_type=sample.event_type,
        status_code=status,
        duration_ms=round(attempted.duration.total_seconds() * 1000),
        answer=attempted.answer,
    )
