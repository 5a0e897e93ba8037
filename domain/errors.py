"""One tree for every error a client can be told about.

    TunewardError                     500
    ├── InvalidRequest                400  the request itself is at fault
    │   ├── InvalidTrainingFile       400
    │   ├── InvalidFile               400
    │   └── InvalidHttp               400
    ├── Unauthenticated               401
    ├── Forbidden                     403
    ├── NotFound                      404  one wording, whether it never was or is another project's
    │   └── ModelNotFound             404
    ├── Conflict                      409  the request is fine, the state is not; retrying will not help
    │   ├── IdempotencyMismatch       409
    │   ├── Overtaken                 409
    │   ├── FileInUse                 409
    │   ├── AlreadyEnded              409
    │   ├── AlreadySubmitted          409
    │   ├── PlatformCannotCancel      409
    │   ├── UploadCompleted           409
    │   ├── UploadCancelled           409
    │   ├── UploadExpired             409
    │   ├── UploadCompleting          409  the one conflict that passes by itself
    │   ├── TooManyEndpoints          409
    │   ├── EndpointUnreachable       409
    │   ├── EndpointSwitchedOff       409
    │   └── SecretUnreadable          409
    ├── TooSlow                       408
    ├── TooLarge                      413
    │   ├── UrlTooLong                414
    │   └── HeadersTooLarge           431
    ├── EncodedBody                   415
    ├── TooManyRequests               429
    │   └── TooManyConnections        429
    ├── PlatformFailed                502
    └── Unavailable                   503  our own database, storage or the platform is away: try again
        ├── Overruled                 503  the database let somebody else go first
        └── Undecided                 503  nobody knows whether it was kept: a repetition finds out

The class is the code, its docstring the default message, the HTTP status an attribute. Nothing here
knows HTTP beyond that number: `api/errors.py` writes the envelope.
"""

from datetime import timedelta
from typing import ClassVar


class TunewardError(Exception):
    """Something went wrong on our side; the request can be tried again."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: ClassVar[str | None] = "internal_error"
    should_retry: ClassVar[bool | None] = None
    """What `x-should-retry` says to the SDKs; None leaves it to their rule by status."""

    def __init__(
        self,
        message: str | None = None,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        self.message = message or " ".join((type(self).__doc__ or "").split())
        self.param = param
        self.error_code = code or self.code
        self.retry_after = retry_after
        super().__init__(self.message)


class InvalidRequest(TunewardError):  # noqa: N818 - the names are the field's words
    """The request is not valid."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_value"


class InvalidTrainingFile(InvalidRequest):
    """The training file cannot be used."""

    code = "invalid_training_file"


class InvalidFile(InvalidRequest):
    """The file cannot be taken."""

    code = "invalid_file"


class InvalidHttp(InvalidRequest):
    """The request is not valid HTTP."""

    code = "invalid_http"


class Unauthenticated(TunewardError):  # noqa: N818
    """No valid API key. Send it as 'Authorization: Bearer YOUR_KEY'; 'tuneward keys create' makes one."""

    status = 401
    type = "invalid_request_error"
    code = "invalid_api_key"


class Forbidden(TunewardError):  # noqa: N818
    """This API key may not do that."""

    status = 403
    type = "invalid_request_error"
    code = "forbidden"


class NotFound(TunewardError):  # noqa: N818
    """There is no such object in this project. Check the id and the API key."""

    status = 404
    type = "invalid_request_error"
    code = "not_found"


class ModelNotFound(NotFound):
    """This project has no such model. GET /v1/models lists those it can use."""

    code = "model_not_found"


class Conflict(TunewardError):  # noqa: N818
    """The object is in a state that does not allow this."""

    status = 409
    type = "invalid_request_error"
    code = "conflict"
    should_retry = False


class IdempotencyMismatch(Conflict):
    """This Idempotency-Key was used with another request body. Use a new key for a new request."""

    code = "idempotency_key_reused"


class Overtaken(Conflict):
    """A retry of this request was accepted before it; this one changed nothing."""

    code = "overtaken_by_retry"


class FileInUse(Conflict):
    """A job that has not ended uses this file. Cancel the job or wait for its end, then delete the file."""

    code = "file_in_use"


class AlreadyEnded(Conflict):
    """The job has ended; nothing about it can be changed any more."""

    code = "job_already_ended"


class AlreadySubmitted(Conflict):
    """The job is with the platform already and cannot be paused or resumed. It can be cancelled."""

    code = "already_submitted"


class PlatformCannotCancel(Conflict):
    """The platform has no way to cancel a job that was submitted; the job goes on and is tracked."""

    code = "platform_cannot_cancel"


class UploadCompleted(Conflict):
    """The upload is completed; its file is there and nothing about the upload can be changed any more."""

    code = "upload_completed"


class UploadCancelled(Conflict):
    """The upload was cancelled. Create a new one."""

    code = "upload_cancelled"


class UploadExpired(Conflict):
    """The upload expired: parts are kept for one hour after its creation. Create a new one."""

    code = "upload_expired"


class UploadCompleting(Conflict):
    """The upload is being completed by another request. Wait a moment, then send this one again."""

    code = "upload_completing"
    should_retry = True
    """It is over soon, and a client that sent its complete twice shall get the file from either."""


class TooManyEndpoints(Conflict):
    """This project has as many webhook endpoints as it may have. Delete one that is not needed any more."""

    code = "too_many_webhook_endpoints"


class EndpointUnreachable(Conflict):
    """The webhook endpoint gave no answer. Its own state is at fault: look there first."""

    code = "webhook_endpoint_unreachable"


class EndpointSwitchedOff(Conflict):
    """The webhook endpoint was deleted or disabled; nothing is sent to it."""

    code = "webhook_endpoint_disabled"


class SecretUnreadable(Conflict):
    """The secret cannot be read: TUNEWARD_SECRET_KEYS lacks the key that it was sealed with.

    Rotate the secret without keeping the old one, or have that key put back.
    """

    code = "secret_unreadable"


class TooSlow(TunewardError):  # noqa: N818
    """The request took too long to arrive."""

    status = 408
    type = "invalid_request_error"
    code = "request_timeout"


class TooLarge(TunewardError):  # noqa: N818
    """The request is larger than this service takes."""

    status = 413
    type = "invalid_request_error"
    code = "request_too_large"


class UrlTooLong(TooLarge):
    """The URL is longer than this service takes."""

    status = 414
    code = "url_too_long"


class HeadersTooLarge(TooLarge):
    """The headers are more than this service takes."""

    status = 431
    code = "headers_too_large"


class EncodedBody(TunewardError):  # noqa: N818
    """Send the body as it is: compressed bodies are not taken."""

    status = 415
    type = "invalid_request_error"
    code = "unsupported_content_encoding"


class TooManyRequests(TunewardError):  # noqa: N818
    """Too many requests; wait before the next one."""

    status = 429
    type = "requests"
    code = "rate_limit_exceeded"


class TooManyConnections(TooManyRequests):
    """Too many connections are open. Close some, or try again in a moment."""

    code = "too_many_connections"


class PlatformFailed(TunewardError):  # noqa: N818
    """The platform did not give a usable answer."""

    status = 502
    type = "server_error"
    code = "platform_error"


class Unavailable(TunewardError):  # noqa: N818
    """The service cannot reach a part it needs. Nothing was changed; try again shortly."""

    status = 503
    type = "server_error"
    code = "service_unavailable"


class Overruled(Unavailable):
    """Another request changed the same thing at the same moment. Nothing was changed; try again."""


class Undecided(Unavailable):
    """The database broke off before it said whether this was kept. Look, or repeat the request.

    A create that is repeated with the same Idempotency-Key, or by an SDK's own retry, makes one job.
    """
