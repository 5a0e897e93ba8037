"""Looks after an account that jobs wait for: probes it, tells its jobs, shows it; idle while all is well."""

import asyncio

import structlog

from domain.errors import Unavailable
from domain.parking import Reason, Standing
from services import parking
from worker import metrics
from worker.context import Context

TICK = 1.0
_log = structlog.get_logger(__name__)


class Prober:
    """One per worker; which of them sends the next probe is decided by Postgres."""

    def __init__(self, context: Context) -> None:
        self._context, self._account = context, context.account
        self._fingerprint: bytes | None = context.account_key

    async def run(self) -> None:
        """Look at once, then each second while there is trouble, else as often as the sweeps run."""
        while True:
            waiting = await self._look_safely()
            pause = TICK if waiting else self._context.pace.sweep_interval.total_seconds()
            try:
                async with asyncio.timeout(pause):
                    await self._account.trouble.wait()
            except TimeoutError:
                continue
            self._account.trouble.clear()

    async def _look_safely(self) -> bool:
        try:
            return await self.look()
        except Unavailable as error:
            _log.warning("cannot look after the account", error=str(error.__cause__ or error))
        except Exception:  # noqa: BLE001 - without it parked jobs would wait for ever
            _log.exception("looking after the account broke")
        return True

    async def look(self) -> bool:
        """Probe if it is time to, and tell the jobs; tell whether there is reason to look again soon."""
        standing = await self._standing()
        if standing is None:
            return False
        if standing.probe_due_at is not None and await self._probe():
            standing = await self._standing() or standing
        self._show(standing)
        while await self._tell(standing) >= parking.BATCH:
            pass
        return standing.probe_due_at is not None or standing.told

    async def _standing(self) -> Standing | None:
        async with self._context.database.transaction() as session:
            standing = await parking.standing(session, name=self._account.name, fingerprint=self._fingerprint)
        if standing is not None:
            self._fingerprint = None  # it is noted
        self._account.standing = standing
        return standing

    async def _probe(self) -> bool:
        """Send the probe that is due unless another worker does."""
        name, probing = self._account.name, self._account.probing
        async with self._context.database.transaction() as session:
            probe = await parking.begin_probe(session, name=name, probing=probing)
        if probe is None:
            return False
        outcome = await self._account.probe()
        async with self._context.database.transaction() as session:
            await parking.finish_probe(session, probe, name=name, outcome=outcome, probing=probing)
        _log.info("probed the platform", account=name, outcome=type(outcome).__name__)
        return True

    async def _tell(self, standing: Standing) -> int:
        async with self._context.database.transaction() as session:
            return await parking.tell_jobs(session, standing)

    def _show(self, standing: Standing) -> None:
        for reason in Reason:
            metrics.PARKED.labels(standing.name, reason.value).set(reason is standing.reason)
        if standing.explanation is not None:
            _log.debug("the platform's account is parked", account=standing.name, why=standing.explanation)
