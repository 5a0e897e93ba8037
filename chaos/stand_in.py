"""The stand-in platform's own routes, which no platform has: faults, quirks, the ledger of its bill."""

from typing import Any
from urllib.parse import urlsplit

import httpx

from chaos.background import NO_TLS


class HarnessError(RuntimeError):
    """The fault could not be done as it was meant: the run says nothing, and is no pass."""


class StandIn:
    """The platform of a world, for whoever does harm and whoever judges."""

    def __init__(self, base_url: str) -> None:
        """Take the platform's base URL, `/v1` included."""
        url = urlsplit(base_url)
        self._root = f"{url.scheme}://{url.netloc}/simulator"

    def fault(self, name: str, **terms: Any) -> None:
        """Order a fault (`simulator/faults.py`)."""
        self._ask("POST", "faults", {"fault": name, **terms})

    def faults_left(self) -> int:
        """Return how many faults that were ordered have not happened yet."""
        return sum(int(order["times"]) for order in self._ask("GET", "faults")["faults"])

    def forget_faults(self) -> None:
        """Take back every fault that is still to come."""
        self._ask("DELETE", "faults")

    def quirks(self, *names: str) -> None:
        """Choose lasting oddities; nothing else is odd from then on."""
        self._ask("POST", "quirks", {"quirks": list(names)})

    def jobs(self) -> list[dict[str, Any]]:
        """Return its own ledger of jobs, oldest first."""
        return list(self._ask("GET", "ledger?parts=jobs")["jobs"])

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = httpx.request(method, f"{self._root}/{path}", json=body, timeout=20, verify=NO_TLS)
        if answer.is_client_error:
            raise HarnessError(f"the stand-in platform: {answer.text}")
        return dict(answer.raise_for_status().json())
