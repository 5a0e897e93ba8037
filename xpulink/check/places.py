"""Where the platform keeps its routes: under `/v1`, `/v1/v1`, or nothing before them."""

from dataclasses import fields, replace

from xpulink.check.asking import Asker, Places, value
from xpulink.check.report import Report, Verdict

PREFIXES = ("/v1", "/v1/v1", "")
LISTED = ("jobs", "files", "models")
"""The nouns whose place a harmless GET can tell. Chat is where the jobs are, for want of better knowledge."""


async def find(asker: Asker, report: Report) -> None:
    """Look for lists that are not where the settings say, name the settings that find them, and go there."""
    missing = [noun for noun in LISTED if not await _is_at(asker, getattr(asker.places, noun))]
    if not missing:
        report.note("path prefix", Verdict.YES, "every list is where the settings say")
        return
    elsewhere = {noun: place for noun in missing if (place := await _search(asker, noun)) is not None}
    if not elsewhere:
        known = Verdict.UNKNOWN if "jobs" in missing else Verdict.YES
        report.note("path prefix", known, f"no list of {', '.join(missing)} here or under another prefix")
        return
    _suggest(asker, report, elsewhere)


def root_of(base_url: str) -> str:
    """Return a base URL without its version prefixes."""
    root = base_url.rstrip("/")
    while root.endswith("/v1"):
        root = root.removesuffix("/v1").rstrip("/")
    return root


async def _is_at(asker: Asker, path: str) -> bool:
    came = await asker.ask("GET", path, params={"limit": "1"})
    return isinstance(value(came), dict | list)


async def _search(asker: Asker, noun: str) -> str | None:
    root, usual = root_of(asker.base_url), getattr(Places(), noun)
    for prefix in PREFIXES:
        if await _is_at(asker, f"{root}{prefix}{usual}"):
            return prefix
    return None


def _suggest(asker: Asker, report: Report, elsewhere: dict[str, str]) -> None:
    root = root_of(asker.base_url)
    own = asker.base_url.removeprefix(root)
    whole = {each.name: own + getattr(asker.places, each.name) for each in fields(Places)}
    whole |= {noun: prefix + getattr(Places(), noun) for noun, prefix in elsewhere.items()}
    if "jobs" in elsewhere:
        whole["chat"] = elsewhere["jobs"] + Places().chat
    common = "/v1" if all(path.startswith("/v1/") for path in whole.values()) else ""
    places = Places(**{noun: path.removeprefix(common) for noun, path in whole.items()})
    report.settings = _settings(asker, root + common, places)
    where = ", ".join(f"{noun} under {prefix or 'no prefix'}" for noun, prefix in elsewhere.items())
    report.note("path prefix", Verdict.NO, f"found {where}")
    if "jobs" in elsewhere or "files" in elsewhere:
        report.problem = (
            "The platform keeps its routes elsewhere than the settings say. Set what is named below."
        )
    asker.base_url, asker.places = root + common, replace(places)


def _settings(asker: Asker, base_url: str, places: Places) -> dict[str, str]:
    """Return the variables that differ from what is set now."""
    changed = {
        f"TUNEWARD_XPULINK_{each.name.upper()}_PATH": getattr(places, each.name)
        for each in fields(Places)
        if getattr(places, each.name) != getattr(asker.places, each.name)
    }
    return ({"XPULINK_BASE_URL": base_url} if base_url != asker.base_url else {}) | changed
