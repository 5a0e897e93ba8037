"""Lists: other envelopes, no paging, items that are none."""

from typing import Any

from simulator.quirks.table import Json, Kind, Look, quirk


@quirk(Kind.LIST)
def list_no_has_more(page: Json, _look: Look) -> Any:
    """A list does not say whether there is more."""
    page.pop("has_more", None)
    return page


@quirk(Kind.LIST)
def list_bare(page: Json, _look: Look) -> Any:
    """A list is a bare array."""
    return page["data"]


@quirk(Kind.LIST)
def list_null(page: Json, _look: Look) -> Any:
    """A list's data is null, whatever there is."""
    page["data"] = None
    return page


@quirk(Kind.LIST)
def list_unreadable_items(page: Json, _look: Look) -> Any:
    """A list holds null, text, and an object without an id between its items."""
    page["data"] = [None, "job", {"status": "running"}, *page["data"]]
    return page


@quirk(Kind.LIST)
def list_oldest_first(page: Json, _look: Look) -> Any:
    """A page of a list is the wrong way round."""
    page["data"] = page["data"][::-1]
    return page


@quirk(Kind.LIST)
def list_has_more_always(page: Json, _look: Look) -> Any:
    """A list always says that there is more."""
    page["has_more"] = True
    return page


# Nothing to do at the answer: the layer takes the parameter out of the question.
@quirk(Kind.LIST)
def list_ignores_after(page: Json, _look: Look) -> Any:
    """A list takes no notice of `after`, and begins anew every time."""
    return page
