"""Links: from the answer that made an object to what can be done with it, for tools that follow them."""

import re
from typing import Any, Final

Json = dict[str, Any]
_OBJECT: Final = re.compile(r"/{(\w+)}(?:/[^{]*)?")
"""What stands behind a collection: one object, or a thing to do with it."""


def connect(paths: Json) -> None:
    """Link each create with the operations on what it makes."""
    for path, methods in paths.items():
        if "post" in methods and not path.endswith("}"):
            links = _links_from(path, paths)
            if links:
                created: Json = methods["post"]["responses"]["200"]
                created["links"] = created.get("links", {}) | links


def _links_from(collection: str, paths: Json) -> Json:
    links: Json = {}
    for path, methods in paths.items():
        behind = _OBJECT.fullmatch(path.removeprefix(collection)) if path.startswith(collection) else None
        if behind is None:
            continue
        for operation in methods.values():
            links[operation["operationId"]] = {
                "operationId": operation["operationId"],
                "description": operation["summary"],
                "parameters": {behind[1]: "$response.body#/id"},
            }
    return links
