"""What no signature says of an operation: its lasting name, its own errors, its examples.

The key is its method and path, with `{}` for a parameter. What every operation of its kind can answer
(401, 503, 400, 404, 413) is added in `document`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from api.description import bodies, examples, training_examples, webhook_examples
from api.description.operation import Operation
from api.description.training_operations import TRAINING_DATA
from domain.errors import (
    AlreadyEnded,
    AlreadySubmitted,
    EndpointSwitchedOff,
    EndpointUnreachable,
    FileInUse,
    Forbidden,
    IdempotencyMismatch,
    InvalidFile,
    InvalidTrainingFile,
    ModelNotFound,
    NotFound,
    Overtaken,
    PlatformCannotCancel,
    PlatformFailed,
    SecretUnreadable,
    TooManyEndpoints,
    TooManyRequests,
    UploadCancelled,
    UploadCompleted,
    UploadCompleting,
    UploadExpired,
)

_NO_JOB: Final = NotFound(param="fine_tuning_job_id")
_NO_FILE: Final = NotFound(param="file_id")
_NO_MODEL: Final = ModelNotFound(param="model")
_NO_UPLOAD: Final = NotFound(param="upload_id")
_NO_ENDPOINT: Final = NotFound(param="webhook_endpoint_id")
_NO_DELIVERY: Final = NotFound(param="webhook_delivery_id")
_BUSY: Final = TooManyRequests(retry_after=timedelta(seconds=1))
_UPLOAD_CLOSED: Final = [
    UploadCompleted(param="upload_id"),
    UploadCancelled(param="upload_id"),
    UploadExpired(param="upload_id"),
    UploadCompleting(param="upload_id"),
]
_ONE_FILE: Final = {"processed": examples.FILE, "with_faults": examples.FAULTY_FILE}
_JOB_STATES: Final = {
    "queued": examples.JOB_QUEUED,
    "paused": examples.JOB_PAUSED,
    "running": examples.JOB_RUNNING,
    "succeeded": examples.JOB_SUCCEEDED,
    "failed": examples.JOB_FAILED,
    "cancelled": examples.JOB_CANCELLED,
}
_CREATES: Final = {
    "minimal": examples.CREATE,
    "with_lora_keys": examples.CREATE_LORA,
    "with_method": examples.CREATE_METHOD,
    "told_by_webhook": examples.CREATE_TOLD,
    "only_planned": examples.CREATE_LORA | {"dry_run": True},
}

FILES: Final[Mapping[str, Operation]] = {
    "post /v1/files": Operation(
        id="uploadFile",
        body=bodies.FILE_UPLOAD,
        answered=_ONE_FILE | {"expiring": examples.EXPIRING_FILE},
        errors=[InvalidFile("The file is empty.", param="file"), _BUSY],
        links=bodies.TRAIN_ON_IT,
    ),
    "get /v1/files": Operation(id="listFiles", answered={"page": examples.FILES}),
    "get /v1/files/{}": Operation(id="retrieveFile", answered=_ONE_FILE, errors=[_NO_FILE]),
    "delete /v1/files/{}": Operation(
        id="deleteFile",
        answered={"deleted": examples.FILE_DELETED},
        errors=[_NO_FILE, FileInUse(param="file_id")],
    ),
    "get /v1/files/{}/content": Operation(
        id="downloadFile",
        content=bodies.FILE_CONTENT,
        description="The file's bytes.",
        errors=[_NO_FILE],
    ),
}

UPLOADS: Final[Mapping[str, Operation]] = {
    "post /v1/uploads": Operation(
        id="createUpload",
        asked={"training_file": examples.CREATE_UPLOAD},
        answered={"pending": examples.UPLOAD_PENDING},
    ),
    "get /v1/uploads/{}": Operation(
        id="retrieveUpload", answered={"pending": examples.UPLOAD_PENDING}, errors=[_NO_UPLOAD]
    ),
    "post /v1/uploads/{}/parts": Operation(
        id="addUploadPart",
        body=bodies.UPLOAD_PART,
        answered={"part": examples.PART},
        errors=[_NO_UPLOAD, InvalidFile("The part is empty.", param="data"), _BUSY, *_UPLOAD_CLOSED],
    ),
    "get /v1/uploads/{}/parts": Operation(
        id="listUploadParts", answered={"page": examples.PARTS}, errors=[_NO_UPLOAD]
    ),
    "post /v1/uploads/{}/complete": Operation(
        id="completeUpload",
        asked={"in_order": {"part_ids": examples.PART_IDS}},
        answered={"completed": examples.UPLOAD_COMPLETED},
        errors=[_NO_UPLOAD, InvalidFile(param="part_ids"), _BUSY, *_UPLOAD_CLOSED],
    ),
    "post /v1/uploads/{}/cancel": Operation(
        id="cancelUpload",
        answered={"cancelled": examples.UPLOAD_CANCELLED},
        errors=[_NO_UPLOAD, *_UPLOAD_CLOSED],
    ),
}

JOBS: Final[Mapping[str, Operation]] = {
    "post /v1/fine_tuning/jobs": Operation(
        id="createFineTuningJob",
        asked=_CREATES,
        answered={"queued": examples.JOB_QUEUED, "only_planned": training_examples.PLAN},
        description="The job, or, with `dry_run`, what it would come to.",
        headers=["tuneward-merged"],
        errors=[
            _NO_MODEL,
            InvalidTrainingFile(param="training_file"),
            IdempotencyMismatch(param="Idempotency-Key"),
            Overtaken(),
        ],
    ),
    "get /v1/fine_tuning/jobs": Operation(
        id="listFineTuningJobs", answered={"page": examples.JOBS}, parameters=[bodies.METADATA_FILTER]
    ),
    "get /v1/fine_tuning/jobs/{}": Operation(
        id="retrieveFineTuningJob", answered=_JOB_STATES, errors=[_NO_JOB]
    ),
    "post /v1/fine_tuning/jobs/{}/cancel": Operation(
        id="cancelFineTuningJob",
        answered={"at_once": examples.JOB_CANCELLED, "asked_for": examples.JOB_RUNNING},
        errors=[_NO_JOB, AlreadyEnded(), PlatformCannotCancel()],
    ),
    "post /v1/fine_tuning/jobs/{}/pause": Operation(
        id="pauseFineTuningJob",
        answered={"paused": examples.JOB_PAUSED},
        errors=[_NO_JOB, AlreadySubmitted(), AlreadyEnded()],
    ),
    "post /v1/fine_tuning/jobs/{}/resume": Operation(
        id="resumeFineTuningJob",
        answered={"queued": examples.JOB_QUEUED},
        errors=[_NO_JOB, AlreadySubmitted(), AlreadyEnded()],
    ),
    "get /v1/fine_tuning/jobs/{}/events": Operation(
        id="listFineTuningJobEvents", answered={"page": examples.EVENTS}, errors=[_NO_JOB]
    ),
    "get /v1/fine_tuning/jobs/{}/checkpoints": Operation(
        id="listFineTuningJobCheckpoints", answered={"page": examples.CHECKPOINTS}, errors=[_NO_JOB]
    ),
}

MODELS: Final[Mapping[str, Operation]] = {
    "get /v1/models": Operation(id="listModels", answered={"all": examples.MODELS}),
    "get /v1/models/{}": Operation(
        id="retrieveModel",
        answered={"base": examples.BASE_MODEL, "tuned": examples.TUNED_MODEL},
        errors=[_NO_MODEL],
    ),
    "delete /v1/models/{}": Operation(
        id="deleteModel",
        answered={"deleted": examples.MODEL_DELETED},
        errors=[_NO_MODEL, Forbidden(param="model"), PlatformFailed(param="model")],
    ),
    "post /v1/chat/completions": Operation(
        id="createChatCompletion",
        body=bodies.CHAT,
        content=bodies.CHAT_ANSWER,
        description="The platform's answer, byte for byte.",
        headers=["retry-after"],
        errors=[_NO_MODEL, PlatformFailed(), _BUSY],
        others={"4XX": bodies.PASSED_ON, "5XX": bodies.PASSED_ON},
    ),
}

WEBHOOKS: Final[Mapping[str, Operation]] = {
    "post /v1/webhook_endpoints": Operation(
        id="createWebhookEndpoint",
        asked={"minimal": webhook_examples.CREATE_ENDPOINT},
        answered={"created": webhook_examples.WEBHOOK_ENDPOINT_WITH_SECRET},
        errors=[TooManyEndpoints()],
    ),
    "get /v1/webhook_endpoints": Operation(
        id="listWebhookEndpoints", answered={"page": webhook_examples.WEBHOOK_ENDPOINTS}
    ),
    "get /v1/webhook_endpoints/{}": Operation(
        id="retrieveWebhookEndpoint",
        answered={"one": webhook_examples.WEBHOOK_ENDPOINT},
        errors=[_NO_ENDPOINT],
    ),
    "post /v1/webhook_endpoints/{}": Operation(
        id="updateWebhookEndpoint",
        asked={"other_events": webhook_examples.UPDATE_ENDPOINT},
        answered={"updated": webhook_examples.WEBHOOK_ENDPOINT},
        errors=[_NO_ENDPOINT],
    ),
    "delete /v1/webhook_endpoints/{}": Operation(
        id="deleteWebhookEndpoint",
        answered={"deleted": webhook_examples.WEBHOOK_ENDPOINT_DELETED},
        errors=[_NO_ENDPOINT],
    ),
    "post /v1/webhook_endpoints/{}/rotate_secret": Operation(
        id="rotateWebhookEndpointSecret",
        asked={"with_overlap": webhook_examples.ROTATE},
        answered={"rotated": webhook_examples.WEBHOOK_ENDPOINT_WITH_SECRET},
        errors=[_NO_ENDPOINT],
    ),
    "post /v1/webhook_endpoints/{}/test": Operation(
        id="testWebhookEndpoint",
        asked={"succeeded": webhook_examples.TEST_EVENT},
        answered={"received": webhook_examples.TEST_RESULT},
        errors=[_NO_ENDPOINT, EndpointUnreachable(param="url"), SecretUnreadable(), _BUSY],
    ),
    "get /v1/webhook_endpoints/{}/deliveries": Operation(
        id="listWebhookEndpointDeliveries",
        answered={"page": webhook_examples.DELIVERIES},
        errors=[_NO_ENDPOINT],
    ),
    "get /v1/webhook_deliveries": Operation(
        id="listWebhookDeliveries", answered={"page": webhook_examples.DELIVERIES}
    ),
    "get /v1/webhook_deliveries/{}": Operation(
        id="retrieveWebhookDelivery",
        answered={"delivered": webhook_examples.DELIVERY_WITH_ATTEMPTS},
        errors=[_NO_DELIVERY],
    ),
    "post /v1/webhook_deliveries/{}/replay": Operation(
        id="replayWebhookDelivery",
        answered={"due": webhook_examples.DELIVERY_REPLAYED},
        errors=[_NO_DELIVERY, EndpointSwitchedOff()],
    ),
    "get /v1/webhook_event_types": Operation(
        id="listWebhookEventTypes", answered={"all": webhook_examples.EVENT_TYPES}
    ),
}

HEALTH: Final[Mapping[str, Operation]] = {
    "get /healthz": Operation(id="checkAlive", content=bodies.text("ok\n"), description="The process lives."),
    "get /readyz": Operation(
        id="checkReady",
        content=bodies.text(bodies.READY),
        description="It can do its work.",
        others={"503": bodies.NOT_READY},
    ),
    "get /metrics": Operation(
        id="readMetrics",
        content=bodies.text(bodies.METRICS),
        description="This process's counters, in Prometheus's text format.",
    ),
}

OPERATIONS: Final[Mapping[str, Operation]] = {
    **FILES, **TRAINING_DATA, **UPLOADS, **JOBS, **MODELS, **WEBHOOKS, **HEALTH
}  # fmt: skip
