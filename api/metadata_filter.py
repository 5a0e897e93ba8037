"""The metadata filter of a list of jobs: `metadata[key]=value`, any number, or `metadata=null`."""

from collections.abc import Mapping

from starlette.datastructures import QueryParams

from domain.errors import InvalidRequest

MOST_PAIRS = 16


def metadata_filter(query: QueryParams) -> tuple[Mapping[str, str] | None, bool]:
    """Return the pairs that jobs must have, and whether they must have none at all.

    Raises:
        InvalidRequest: the filter is neither of the two forms.
    """
    if "metadata" in query:
        if query["metadata"] != "null":
            message = "Invalid metadata: write metadata[key]=value, or metadata=null for jobs without any."
            raise InvalidRequest(message, param="metadata")
        return None, True
    pairs = {
        key[len("metadata[") : -1]: value
        for key, value in query.multi_items()
        if key.startswith("metadata[") and key.endswith("]")
    }
    if len(pairs) > MOST_PAIRS or any("\x00" in text for pair in pairs.items() for text in pair):
        raise InvalidRequest(f"Invalid metadata: at most {MOST_PAIRS} pairs, no NUL.", param="metadata")
    return pairs or None, False
