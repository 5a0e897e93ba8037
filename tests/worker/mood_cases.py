"""Which moods a job is driven through, and how it has to end in each."""

from itertools import zip_longest

from simulator.quirks.doors import ROUTES
from simulator.quirks.table import QUIRKS, TAKES_TURNS, Kind

from .zoo import Case

ENDINGS = ("", "_html", "_detail", "_405", "_501")
FAILS = ("training_fails:0",)
LOST = ("cut_after_accept",)
# what a quirk does to a job other than letting it succeed
SPECIAL = {
    "status_canceled": {"end": "cancelled", "cancelled": True},
    "status_canceling": {"end": "cancelled", "cancelled": True},
    "status_unknown": {"says": "unknown status '训练中'"},
    "error_string": {"end": "failed", "faults": FAILS, "code": "upstream_error", "says": "训练失败"},
    "error_empty_object": {"end": "failed", "faults": FAILS, "code": "platform_job_failed"},
    "error_empty_string": {"end": "failed", "faults": FAILS, "code": "platform_job_failed"},
    "error_null": {"end": "failed", "faults": FAILS, "code": "platform_job_failed"},
    "error_list": {"end": "failed", "faults": FAILS, "code": "upstream_error", "says": "Out of memory."},
    "error_dirty": {"end": "failed", "faults": FAILS, "code": "ab", "says": "bad [31mline"},
    "error_html": {"end": "failed", "faults": FAILS, "code": "upstream_error"},
    "error_huge": {"end": "failed", "faults": FAILS, "code": "c" * 512},
    "job_ids_control": {"end": "failed", "code": "submission_unconfirmed", "ages": True},
    "job_ids_endless": {"end": "failed", "code": "submission_unconfirmed", "ages": True},
    "model_control": {"end": "failed", "code": "platform_model_unusable", "says": r"ft:\x1b[2J\x00\u202e"},
    "model_missing": {"end": "failed", "code": "platform_named_no_model", "ages": True},
    "results_empty": {"says": "did not give: result file"},
    "results_missing": {"says": "did not give: result file"},
    "results_html": {"says": "did not give: result file"},
    "list_null": {"end": "failed", "faults": LOST, "code": "submission_unconfirmed", "ages": True},
    "only_v1_v1": {"under": "/v1"},
    "only_bare": {"base": ""},
    "files_under_v1_v1": {"under": "files"},
    "website": {"ages": True, "says": "did not give: events, checkpoints, result file"},
    "slow_head": {"hasty": True},
    "drip": {"hasty": True},
    "refuses_metadata": {"says": "refuses the metadata field"},
    "refuses_metadata_422": {"says": "refuses the metadata field"},
    "unauthorized": {"says": "refused our key"},
}
RIDES = {Kind.EVENT, Kind.CHECKPOINT, Kind.FILE, Kind.MANNER, Kind.ID}
NOT_ABOUT_JOBS = {
    f"no_{noun}{ending}" for noun in ("models", "file_delete", "file_list") for ending in ENDINGS
}


def cases() -> list[Case]:
    """Return one for each quirk; what does not concern the job itself rides along with one that does."""
    listed = {
        name: quirk.kind for name, quirk in QUIRKS.items() if name not in {"relentless", *routes_missing()}
    }
    usual = {name: kind for name, kind in listed.items() if name not in SPECIAL}
    plain = [name for name, kind in usual.items() if kind is Kind.JOB]
    riding = [name for name, kind in usual.items() if kind in RIDES]
    ruining = [name for name, kind in usual.items() if kind in TAKES_TURNS]
    half = (len(plain) + 1) // 2  # words of status first, fields second
    parties = [*zip_longest(plain[:half], plain[half:], riding[::2], riding[1::2])]
    parties += zip_longest(ruining[::2], ruining[1::2])
    made = [Case(quirks=tuple(filter(None, names))) for names in parties]
    for name in (name for name in listed if name not in {*plain, *riding, *ruining}):
        faults = {"faults": LOST} if listed[name] is Kind.LIST else {}
        made.append(Case(quirks=(name,), **{**faults, **SPECIAL.get(name, {})}))
    made += [Case(quirks=lacking(ending), cancelled=True, says="no way to cancel") for ending in ENDINGS]
    unconfirmed = {"end": "failed", "code": "submission_unconfirmed", "ages": True, "faults": LOST}
    made += [Case(quirks=(f"no_list{ending}",), **unconfirmed) for ending in ENDINGS]
    made += [
        Case(quirks=("list_oldest_first",), faults=("server_error",)),
        Case(quirks=("list_null",), **{**unconfirmed, "faults": ("server_error",), "created": 0}),
        Case(
            quirks=("refuses_unknown",), asks={"user": "u"}, end="failed", code="unknown_parameter", created=0
        ),
        Case(quirks=("proven",)),
        Case(quirks=("proven", "refuses_metadata", "html_502@create")),
        Case(quirks=("worst",)),
        Case(quirks=("worst",), faults=FAILS, end="failed", code="upstream_error"),
        Case(quirks=("worst",), cancelled=True, says="no way to cancel"),
    ]
    return made


def routes_missing() -> set[str]:
    return {f"no_{noun}{ending}" for noun in ROUTES for ending in ENDINGS}


def lacking(ending: str) -> tuple[str, ...]:
    return tuple(f"no_{noun}{ending}" for noun in ("cancel", "events", "checkpoints", "content"))
