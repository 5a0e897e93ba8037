"""What no signature says of the operations about training data; as in `operations`, which takes them in."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from api.description import bodies, examples, training_examples
from api.description.operation import Operation
from domain.errors import (
    InvalidFile,
    InvalidTrainingFile,
    ModelNotFound,
    NotFound,
    TooManyRequests,
)

_NO_FILE: Final = NotFound(param="file_id")
_NO_MODEL: Final = ModelNotFound(param="model")
_PLANS: Final = {
    "minimal": examples.CREATE,
    "with_lora_keys": examples.CREATE_LORA,
    "with_method": examples.CREATE_METHOD,
}

TRAINING_DATA: Final[Mapping[str, Operation]] = {
    "get /v1/files/{}/report": Operation(
        id="retrieveFileReport",
        answered={"complete": training_examples.REPORT, "pending": training_examples.REPORT_PENDING},
        errors=[_NO_FILE],
    ),
    "get /v1/files/{}/tokens": Operation(
        id="listFileTokens", answered={"page": training_examples.TOKENS}, errors=[_NO_FILE]
    ),
    "post /v1/training_data/check": Operation(
        id="checkTrainingData",
        body=bodies.CHECK,
        answered={"with_faults": training_examples.CHECKED},
        errors=[
            InvalidFile("The file is empty.", param="file"),
            TooManyRequests(retry_after=timedelta(seconds=1)),
        ],
    ),
    "get /v1/training_data/policy": Operation(
        id="retrieveTrainingDataPolicy", answered={"redact": training_examples.POLICY}
    ),
    "post /v1/training_data/policy": Operation(
        id="updateTrainingDataPolicy",
        asked={"redact": training_examples.CHANGE_POLICY},
        answered={"redact": training_examples.POLICY},
    ),
    "post /v1/fine_tuning/plans": Operation(
        id="planFineTuningJob",
        asked=_PLANS,
        answered={"plan": training_examples.PLAN},
        errors=[_NO_MODEL, InvalidTrainingFile(param="training_file")],
    ),
    "get /v1/models/{}/limits": Operation(
        id="retrieveModelLimits", answered={"limits": training_examples.LIMITS}, errors=[_NO_MODEL]
    ),
}
