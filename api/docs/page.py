"""The page at /docs: Swagger UI on the document. Everything it needs comes from here, so it works offline.

Its script and style come from the `fastapi-offline` package, as files; what is ours lies beside this.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, RedirectResponse, Response

PAGE: Final = "/docs"
_OURS: Final = Path(__file__).parent
_SWAGGER_UI: Final = Path(str(files("fastapi_offline"))) / "static"
_FILES: Final = {
    f"{PAGE}": _OURS / "index.html",
    f"{PAGE}/start.js": _OURS / "start.js",
    f"{PAGE}/style.css": _OURS / "style.css",
    f"{PAGE}/favicon.svg": _OURS / "favicon.svg",
    f"{PAGE}/swagger-ui.js": _SWAGGER_UI / "swagger-ui-bundle.js",
    f"{PAGE}/swagger-ui.css": _SWAGGER_UI / "swagger-ui.css",
}
# No other host and no script in the page itself. Swagger UI draws its icons as data.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "cache-control": "no-cache",
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def install(app: FastAPI) -> None:
    """Serve the page, and lead there from the root."""
    for path in _FILES:
        app.add_route(path, _file, include_in_schema=False)
    app.add_route("/", _to_page, include_in_schema=False)


async def _file(request: Request) -> Response:
    return FileResponse(_FILES[request.scope["path"]], headers=dict(_HEADERS))


async def _to_page(_: Request) -> Response:
    return RedirectResponse(PAGE.removeprefix("/"))
