"""Which quirks are on, and what they have to remember: looks, turns, and the ids they gave out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# importing a cage puts its quirks into the table
from simulator.quirks import doors, fields, files, lists, names, spoils, tales, words
from simulator.quirks.moods import MOODS
from simulator.quirks.table import QUIRKS, TAKES_TURNS, Json, Kind, Look, Quirk, has_ended

CAGES = (words, fields, names, files, tales, lists, doors, spoils)


@dataclass(frozen=True, slots=True)
class Active:
    """A quirk that is on, everywhere or on some routes only."""

    quirk: Quirk
    routes: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """How it is ordered."""
        return "@".join(filter(None, (self.quirk.name, "+".join(sorted(self.routes)))))

    def on(self, route: str) -> bool:
        """Whether it takes hold of this route."""
        return not self.routes or route in self.routes


class Quirks:
    """The mood of one stand-in; it can be changed at any time.

    Raises:
        ValueError: There is no such quirk, mood or route.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._real_ids: dict[str, str] = {}
        self.choose(texts)

    @property
    def in_force(self) -> bool:
        """Whether requests have to be looked at: ids that were given out are good for ever."""
        return bool(self.active or self._real_ids)

    def choose(self, texts: Iterable[str]) -> None:
        """Be like this from now on: names of quirks or moods, `NAME@route+route` for some routes only."""
        self.active: list[Active] = [active for text in texts for active in parsed(text)]
        self._turns: Counter[tuple[str, str]] = Counter()
        self._looks: Counter[str] = Counter()
        self._ended: Counter[str] = Counter()

    def has(self, name: str, route: str) -> bool:
        """Whether this quirk takes hold of this route."""
        return any(active.quirk.name == name for active in self._on(route))

    def of(self, kind: Kind, route: str) -> list[Quirk]:
        """The quirks of one kind that take hold of a route, in the order they were chosen."""
        return [active.quirk for active in self._on(route) if active.quirk.kind is kind]

    def _on(self, route: str) -> Iterator[Active]:
        return (active for active in self.active if active.on(route))

    def turn(self, route: str, method: str, path: str) -> Quirk | None:
        """Whose turn it is on this path; nobody's at each round's end, unless they are relentless."""
        takers = [active.quirk for active in self._on(route) if active.quirk.kind in TAKES_TURNS]
        if not takers:
            return None
        number = self._turns[method, path]
        self._turns[method, path] += 1
        place = number % (len(takers) + (not self.has("relentless", route)))
        return takers[place] if place < len(takers) else None

    def look(self, route: str, job: Json) -> Look:
        """Count a look at a job."""
        id_ = str(job["id"])
        if route in {"retrieve", "cancel"}:
            self._looks[id_] += 1
            self._ended[id_] += has_ended(job)
        return Look(route, self._looks[id_], self._ended[id_])

    def disguise(self, id_: str) -> str | int:
        """What an id looks like outside; the way back is remembered."""
        shown: str | int = id_
        for quirk in self.of(Kind.ID, ""):
            shown = quirk.act(str(shown))
        if shown != id_:
            self._real_ids[str(shown)] = id_
        return shown

    def real_id(self, shown: str) -> str:
        """What an id from outside is inside."""
        return self._real_ids.get(shown, shown)


def parsed(text: str) -> list[Active]:
    """Read `NAME[@route+route]`; a mood is all of its quirks.

    Raises:
        ValueError: There is no such quirk, mood or route.
    """
    # what says which routes there are says also how a request is passed on, and that needs this module
    from simulator.calls import ROUTES  # noqa: PLC0415

    name, _, where = text.partition("@")
    routes = frozenset(filter(None, where.split("+")))
    if name not in QUIRKS and name not in MOODS:
        raise ValueError(f"There is no quirk {name!r}; GET /simulator/quirks lists them.")
    if unknown := routes - ROUTES.keys():
        raise ValueError(f"There is no route {min(unknown)!r}; there are {', '.join(ROUTES)}.")
    chosen = MOODS[name][1] if name in MOODS else (name,)
    return [Active(QUIRKS[each], routes) for each in chosen]
