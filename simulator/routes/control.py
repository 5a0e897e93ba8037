"""The stand-in's own routes, which no platform has: its page, ledger, script of faults and quirks."""

from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from simulator import wire
from simulator.bodies import FaultOrder, QuirkChoice
from simulator.errors import JsonResponse, Refusal
from simulator.life import is_live
from simulator.page import render
from simulator.quirks.moods import MOODS
from simulator.quirks.table import QUIRKS
from simulator.script import ordered
from simulator.stand_in import Here, StandIn

router = APIRouter()
LEDGER_PARTS = "requests,files,jobs,counts"
PAGE_HEADERS = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}


@router.get("/")
async def page(here: Here) -> Response:
    """Show what was received, for people."""
    return HTMLResponse(render(here), headers=PAGE_HEADERS)


@router.get("/simulator/ledger")
async def ledger(here: Here, parts: str = LEDGER_PARTS) -> Response:
    """Show what was received, for programs; `parts` narrows a large one down."""
    written = {"requests": _requests, "files": _files, "jobs": _jobs, "counts": _counts}
    return JsonResponse({part: written[part](here) for part in parts.split(",") if part in written})


@router.get("/simulator/faults")
async def list_faults(here: Here) -> Response:
    """Show the faults to come."""
    return JsonResponse({"faults": [order.json() for order in here.script.pending]})


@router.post("/simulator/faults")
async def order_fault(body: FaultOrder, here: Here) -> Response:
    """Order a fault."""
    try:
        order = ordered(body)
    except ValueError as error:
        raise Refusal(400, str(error), code="invalid_fault") from error
    here.script.add(order)
    return JsonResponse(order.json())


@router.delete("/simulator/faults")
async def clear_faults(here: Here) -> Response:
    """Take all faults back."""
    return JsonResponse({"deleted": here.script.clear()})


@router.get("/simulator/quirks")
async def list_quirks(here: Here) -> Response:
    """Show what is odd about the platform now, and what could be."""
    moods = {name: {"means": means, "quirks": quirks} for name, (means, quirks) in MOODS.items()}
    known = {name: quirk.means for name, quirk in sorted(QUIRKS.items())}
    return JsonResponse({"active": _active(here), "moods": moods, "known": known})


@router.post("/simulator/quirks")
async def choose_quirks(body: QuirkChoice, here: Here) -> Response:
    """Replace what is odd about the platform; it starts to count looks and turns anew."""
    try:
        here.quirks.choose(body.quirks)
    except ValueError as error:
        raise Refusal(400, str(error), code="invalid_quirk", param="quirks") from error
    return JsonResponse({"active": _active(here)})


def _active(here: StandIn) -> list[str]:
    return [active.text for active in here.quirks.active]


def _requests(here: StandIn) -> object:
    return [asdict(request) for request in here.ledger.requests]


def _files(here: StandIn) -> object:
    uploads = (row for row in here.store.files.values() if row.job is None)
    return [{**wire.file(row), "examples": row.examples, "deleted": row.deleted} for row in uploads]


def _jobs(here: StandIn) -> object:
    """Oldest first; `creates`: how many creates carried the same metadata; `live`: whether it costs money."""
    now = here.clock()
    return [
        {**wire.job(row, now), "live": is_live(row, now), "creates": here.store.creates_like(row)}
        for row in here.store.jobs.values()
    ]


def _counts(here: StandIn) -> object:
    return dict(here.ledger.counts)
