"""The metadata filter of a list of jobs: `metadata[key]=value`, any number, or `metadata=null`."""

from collections.abc import Mapping

from starlette.datastructures import QueryParams

from domain.errors import InvalidRequest
from domain.wording import as_written

MOST_PAIRS = 16


def metadata_filter(query: QueryParams) -> tuple[Mapping[str, str] | None, bool]:
    """Return the pairs that jobs must have, and whether they must have none at all.

    Raises:
        InvalidRequest: the filter is neither of the two forms.
    """
    sent = [(key, value) for key, value in query.multi_items() if key.startswith("metadata")]
    if sent and all(pair == ("metadata", "null") for pair in sent):
        return None, True
    for key, _ in sent:
        if not (key.startswith("metadata[") and key.endswith("]")):
            raise InvalidRequest(_neither(key), param="metadata")
    pairs = {key[len("metadata[") : -1]: value for key, value in sent}
    if len(pairs) > MOST_PAIRS or any("\x00" in text for pair in pairs.items() for text in pair):
        raise InvalidRequest(f"Invalid metadata: at most {MOST_PAIRS} pairs, no NUL.", param="metadata")
    return pairs or None, False


def _neither(key: str) -> str:
    """Say what a filter has to look like: one that is mistyped must not list everything."""
    return (
        f"Invalid metadata: {as_written(key)} is no filter by itself. Write metadata[key]=value, "
        "or metadata=null alone for jobs without any."
    )
