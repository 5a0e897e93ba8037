"""The tables, a file per noun. Importing this package registers all of them on `Base.metadata`."""

from db.models.create_requests import CreateRequest
from db.models.file_reports import FileReport
from db.models.files import File, PlatformFile
from db.models.idempotency_keys import IdempotencyKey
from db.models.identities import Identity
from db.models.job_records import Checkpoint, JobEvent, JobMetric
from db.models.jobs import Job
from db.models.leases import Lease
from db.models.platform_credentials import PlatformCredential
from db.models.platform_submissions import PlatformSubmission
from db.models.platform_uploads import PlatformUpload
from db.models.projects import ApiKey, Project
from db.models.uploads import Upload, UploadPart
from db.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "ApiKey",
    "Checkpoint",
    "CreateRequest",
    "File",
    "FileReport",
    "IdempotencyKey",
    "Identity",
    "Job",
    "JobEvent",
    "JobMetric",
    "Lease",
    "PlatformCredential",
    "PlatformFile",
    "PlatformSubmission",
    "PlatformUpload",
    "Project",
    "Upload",
    "UploadPart",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
