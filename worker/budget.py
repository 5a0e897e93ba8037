"""This worker's part of the account's requests: taken from Postgres for a second, spent here."""

import asyncio
import random

import structlog

from db.session import Database
from domain import budget
from domain.errors import Unavailable
from services import budget as leases
from services.budget import Lease

SECOND = 1.0
ASKED_WITHIN = 1.0
"""How long Postgres may take to grant requests; a create that is ready to be sent does not wait longer."""
_log = structlog.get_logger(__name__)


class Budget:
    """Hands out the right to send a request, in the order in which it is asked for."""

    def __init__(self, database: Database, *, name: str, rate: float) -> None:
        self._database, self._name, self._rate = database, name, rate
        self._turn = asyncio.Lock()
        self._left = self._used = self._waiting = 0
        self._ends = 0.0
        self.troubled = False
        """Whether the account had failures in a row when requests were last taken."""

    async def take(self, *, urgent: bool = False) -> None:
        """Wait until a request may be sent. An urgent one, a create or a cancel, waits for nobody."""
        if urgent:
            if not self._spend():
                await self._lease(1, urgent=True)
            return
        self._waiting += 1
        try:
            async with self._turn:
                await self._take_in_turn()
        finally:
            self._waiting -= 1

    async def _take_in_turn(self) -> None:
        while not self._spend():
            wanted = budget.wanted(rate=self._rate, waiting=self._waiting, used=self._used)
            granted = await self._lease(wanted, urgent=False)
            self._left, self._used, self._ends = granted, 0, self._now() + SECOND
            if not granted:
                # Asking again at once would bring nothing but more statements.
                await asyncio.sleep(SECOND * random.uniform(0.5, 1))  # noqa: S311 - workers out of step

    def _spend(self) -> bool:
        if self._left < 1 or self._now() >= self._ends:
            return False
        self._left -= 1
        self._used += 1
        return True

    async def _lease(self, wanted: int, *, urgent: bool) -> int:
        unused = 0 if urgent else self._left
        try:
            async with asyncio.timeout(ASKED_WITHIN), self._database.transaction() as session:
                lease = await leases.lease(
                    session, name=self._name, rate=self._rate, wanted=wanted, unused=unused, urgent=urgent
                )
        except (Unavailable, TimeoutError) as error:
            _log.warning("cannot ask for requests; few are sent", error=str(error.__cause__ or error))
            lease = Lease(min(wanted, budget.alone(self._rate)), self.troubled)
        self.troubled = lease.troubled
        return lease.count

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
