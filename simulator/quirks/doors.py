"""What is not let in: routes that are not there, paths under another prefix, fields that are refused."""

from dataclasses import dataclass

from starlette.responses import HTMLResponse, PlainTextResponse, Response

from simulator.errors import JsonResponse, Refusal
from simulator.quirks.table import Json, Kind, enter, quirk

ROUTES = {
    "events": ("events",),
    "checkpoints": ("checkpoints",),
    "cancel": ("cancel",),
    "content": ("content",),
    "models": ("models", "model", "model_delete"),
    "file_delete": ("file_delete",),
    "file_list": ("file_list",),
    "list": ("list",),
}
WEB_PAGE = "<!doctype html><html><head><title>XPULink</title></head><body><div id=app></div></body></html>"


@dataclass(frozen=True, slots=True)
class Knock:
    """A request at the door: its route, and the path before it (``, `/v1` or `/v1/v1`)."""

    route: str
    prefix: str


def _absences() -> dict[str, tuple[str, Response]]:
    """How a route can be missing: what the name of the quirk ends in, what is answered."""
    return {
        "": ("404 without a word", PlainTextResponse("404 page not found\n", 404)),
        "_html": ("404 and a web page", HTMLResponse(WEB_PAGE, 404)),
        "_detail": ("404 as FastAPI writes it", JsonResponse({"detail": "Not Found"}, 404)),
        "_405": ("405", JsonResponse({"detail": "Method Not Allowed"}, 405)),
        "_501": ("501", Refusal(501, "This is not implemented.", code="not_implemented").response()),
    }


def _lack(name: str, routes: tuple[str, ...], how: str, answer: Response) -> None:
    def act(knock: Knock) -> Response | None:
        return answer if knock.route in routes else None

    enter(name, Kind.DOOR, f"There is no route for {', '.join(routes)}: it answers {how}.", act)


for _ending, (_how, _answer) in _absences().items():
    for _noun, _routes in ROUTES.items():
        _lack(f"no_{_noun}{_ending}", _routes, _how, _answer)

_NO_PAGE = PlainTextResponse("404 page not found\n", 404)


@quirk(Kind.DOOR)
def only_v1_v1(knock: Knock) -> Response | None:
    """Everything is under `/v1/v1` and nowhere else."""
    return None if knock.prefix == "/v1/v1" else _NO_PAGE


@quirk(Kind.DOOR)
def only_bare(knock: Knock) -> Response | None:
    """Everything is without `/v1`, and nowhere else."""
    return None if knock.prefix == "" else _NO_PAGE


@quirk(Kind.DOOR)
def files_under_v1_v1(knock: Knock) -> Response | None:
    """Files are under `/v1/v1`, everything else under `/v1`."""
    of_files = knock.route in {"upload", "file", "file_list", "file_delete", "content"}
    return None if knock.prefix == ("/v1/v1" if of_files else "/v1") else _NO_PAGE


@quirk(Kind.DOOR)
def website(knock: Knock) -> Response | None:
    """What is no route of the guide's answers 200 and the page of a website."""
    proven = {"upload", "create", "list", "retrieve", "chat"}
    return None if knock.route in proven else HTMLResponse(WEB_PAGE)


KNOWN_FIELDS = frozenset(
    ("model", "training_file", "validation_file", "suffix", "seed", "metadata", "integrations",
     "hyperparameters", "method")
)  # fmt: skip


@quirk(Kind.CREATE)
def refuses_metadata(body: Json) -> Response | None:
    """A create with metadata is 400, and names the field."""
    return _unknown_parameter("metadata") if "metadata" in body else None


@quirk(Kind.CREATE)
def refuses_metadata_422(body: Json) -> Response | None:
    """A create with metadata is 422 as FastAPI writes it: a list of faults."""
    if "metadata" not in body:
        return None
    fault = {"loc": ["body", "metadata"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}
    return JsonResponse({"detail": [fault]}, 422)


@quirk(Kind.CREATE)
def refuses_unknown(body: Json) -> Response | None:
    """A create with a field that OpenAI does not know is 400."""
    unknown = sorted(body.keys() - KNOWN_FIELDS)
    return _unknown_parameter(unknown[0]) if unknown else None


def _unknown_parameter(name: str) -> Response:
    return Refusal(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name).response()
