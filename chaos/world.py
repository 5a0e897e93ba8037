"""A world: one real stack whose every path leads through a proxy, and what can be done to it."""

import contextlib
import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import redis

from chaos.background import NO_TLS, Background
from chaos.flavour import Flavour
from chaos.proxy import Proxy, wait_for
from chaos.receiver import Receiver
from chaos.small_disk import empty, small_disk
from chaos.stand_in import HarnessError, StandIn
from chaos.truth import Truth
from crash_points import TAKEN, CrashPoint, order
from embedded.errors import EmbeddedError
from embedded.ports import LOOPBACK, free_port
from embedded.process import SupervisedProcess
from embedded.stack import Stack

PROJECTS = ("north", "south")
FREED_WITHIN = 30.0


@dataclass(frozen=True)
class Tenant:
    """A project of the world: its key, its webhook secret, and a small training file of its own."""

    name: str
    key: str = field(repr=False)
    secret: str = field(repr=False)


class World:
    """Start it with `with`; whatever is done to it, `heal` mends."""

    def __init__(self, folder: Path, flavour: Flavour) -> None:
        self.flavour = flavour
        self.pace = flavour.pace
        self.background = Background()
        self.receiver = Receiver(self.background)
        self.orders = folder / "orders"
        self.runs = 0
        self.struck_at: float | None = None
        self._closing = ExitStack()
        make = self.background
        self.to_postgres = Proxy(make, "postgres", lambda: (LOOPBACK, self.stack.postgres.port))
        self.to_redis = Proxy(make, "redis", lambda: (LOOPBACK, self.stack.valkey.port))
        self.to_platform = Proxy(make, "platform", lambda: (LOOPBACK, self.stack.platform_port))
        self.to_receiver = Proxy(make, "receiver", lambda: (LOOPBACK, self.receiver.port))
        self.stack = Stack(
            folder / "stack",
            platform_port=free_port(),
            worker_count=flavour.workers,
            simulator_args=flavour.simulator_args,
        )

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(self.background)
            self.receiver.start()
            undo.callback(self.receiver.stop)
            for proxy in self.proxies:
                proxy.start()
                undo.callback(proxy.stop)
            for name, mebibytes in self.flavour.small_disks:
                undo.enter_context(small_disk(self.stack.data_dir / name, mebibytes))
            self.stack.extra_env = self._environment()
            undo.enter_context(self.stack)
            self.truth = Truth(self.background, self.stack.database_url)
            undo.callback(lambda: self.background.loop.call_soon_threadsafe(self.truth.close))
            self.tenants = [self._tenant(name) for name in PROJECTS]
            self._closing = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(EmbeddedError):
            self.heal()
        self._closing.close()

    @property
    def proxies(self) -> tuple[Proxy, ...]:
        """Every path of the service."""
        return (self.to_postgres, self.to_redis, self.to_platform, self.to_receiver)

    @property
    def api(self) -> SupervisedProcess:
        """The api."""
        return self.stack.api

    @property
    def workers(self) -> list[SupervisedProcess]:
        """The workers."""
        return self.stack.workers

    @property
    def services(self) -> list[SupervisedProcess]:
        """Our own processes."""
        return [self.api, *self.workers]

    @property
    def secrets(self) -> dict[str, str]:
        """Every secret of the world by what it is: none of them may stand in a log."""
        env = self.stack.environment
        names = ("XPULINK_API_KEY", "TUNEWARD_BOOTSTRAP_API_KEY", "TUNEWARD_BOOTSTRAP_WEBHOOK_SECRET")
        return {
            **{name: env[name] for name in (*names, "TUNEWARD_SECRET_KEYS")},
            **{f"{tenant.name}'s key": tenant.key for tenant in self.tenants},
            **{f"{tenant.name}'s webhook secret": tenant.secret for tenant in self.tenants},
            "the password of Postgres": self.stack.postgres.password,
            "the password of Redis": self.stack.valkey.password,
        }

    def webhook_url(self, path: str) -> str:
        """Return where webhooks to this path of the receiver are sent: through its proxy."""
        return f"http://{LOOPBACK}:{self.to_receiver.port}{path}"

    @property
    def platform(self) -> StandIn:
        """The stand-in platform, past its proxy."""
        return StandIn(self.stack.platform_url)

    @property
    def patience(self) -> float:
        """How long a run may take to come to rest after its fault has ended."""
        return self.pace.patience + self.flavour.training

    def begin_run(self) -> None:
        """Count one more run."""
        self.runs += 1
        self.struck_at = None

    # What can be done to it

    def order(self, point: CrashPoint, action: str = "kill") -> None:
        """Have the next process that reaches a crash point die, or freeze."""
        for taken in self.orders.glob(f"{point}{TAKEN}*"):
            taken.unlink()
        order(self.orders, point, action)

    def taken(self, point: CrashPoint) -> int:
        """Wait until somebody took the order for a point; return the process id.

        Raises:
            HarnessError: nobody did.
        """
        seconds = self.pace.reached_within
        if not wait_for(lambda: bool(self._takers(point)), seconds):
            raise HarnessError(f"no process reached {point} within {seconds:g} s")
        return self._takers(point)[-1]

    def await_death(self, process: SupervisedProcess, seconds: float = 10.0) -> None:
        """Wait until a process that was killed is gone.

        Raises:
            HarnessError: it lives on.
        """
        if not wait_for(lambda: not process.running, seconds):
            raise HarnessError(f"{process.name} did not die")
        self.struck_at = time.monotonic()

    def whose(self, pid: int) -> SupervisedProcess:
        """Return our process of this id.

        Raises:
            HarnessError: none of ours has had it.
        """
        for service in self.services:
            if service.pid == pid:
                return service
        raise HarnessError(f"process {pid} is none of ours")

    def owner(self, port: int) -> SupervisedProcess:
        """Return our process whose end of a connection to a proxy has this port.

        Raises:
            HarnessError: none of ours has.
        """
        for service in self.services:
            with contextlib.suppress(psutil.NoSuchProcess):
                ends = psutil.Process(service.pid).net_connections("tcp")
                if any(end.laddr[1:] == (port,) for end in ends):
                    return service
        raise HarnessError(f"port {port} is none of ours")

    def kill(self, process: SupervisedProcess) -> None:
        """Kill -9. Of a service of ours, that is the whole fault: its start belongs to the recovery."""
        process.kill()
        if process in self.services:
            self.struck_at = time.monotonic()

    def freeze(self, process: SupervisedProcess) -> None:
        """SIGSTOP."""
        process.send_signal(signal.SIGSTOP)

    def thaw(self, process: SupervisedProcess | int) -> None:
        """SIGCONT, to a process or by its id."""
        pid = process if isinstance(process, int) else process.pid
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).send_signal(signal.SIGCONT)

    def revive(self) -> None:
        """Start whatever of ours has died."""
        for service in self.services:
            if not service.running:
                service.wait()  # lets go of what belonged to the one that died
                service.start()

    def flush_redis(self) -> None:
        """FLUSHALL."""
        with redis.Redis.from_url(self.stack.valkey.url) as client:
            client.flushall()

    def redis_do(self, *words: str) -> Any:
        """Have Redis carry out a command."""
        with redis.Redis.from_url(self.stack.valkey.url) as client:
            return client.execute_command(*words)

    def stop_postgres(self, number: signal.Signals) -> None:
        """End Postgres: SIGINT is its fast shutdown, SIGQUIT its immediate one."""
        self.stack.postgres.process.send_signal(number)
        self.stack.postgres.process.wait(FREED_WITHIN)

    def heal(self) -> None:
        """Mend everything: this is the moment at which the fault ends."""
        for left in self.orders.glob("*"):
            if TAKEN in left.name:
                self.thaw(int(left.name.rpartition(TAKEN)[2]))
            left.unlink(missing_ok=True)
        for proxy in self.proxies:
            proxy.heal()
        self.receiver.heal()
        for process in self._all_processes():
            if process.running:
                self.thaw(process)
        for name, _ in self.flavour.small_disks:
            empty(self.stack.data_dir / name)
        self._start_servers()
        self.revive()
        with contextlib.suppress(httpx.HTTPError):
            self.platform.forget_faults()
            self.platform.quirks(*self.flavour.quirks)

    def healthy(self) -> bool:
        """Tell whether another run can use it."""
        try:
            self.stack.check()
            return httpx.get(f"{self.stack.api_url}/readyz", timeout=5, verify=NO_TLS).is_success
        except (EmbeddedError, httpx.HTTPError):
            return False

    # How it is put together

    def _environment(self) -> dict[str, str]:
        password, redis_password = self.stack.postgres.password, self.stack.valkey.password
        return {
            **self.pace.environment,
            "DATABASE_URL": f"postgresql://postgres:{password}@{LOOPBACK}:{self.to_postgres.port}/postgres",
            "REDIS_URL": f"redis://:{redis_password}@{LOOPBACK}:{self.to_redis.port}/0",
            "XPULINK_BASE_URL": f"http://{LOOPBACK}:{self.to_platform.port}/v1",
            "TUNEWARD_CRASH_POINTS": str(self.orders),
            **dict(self.flavour.extra),
        }

    def _tenant(self, name: str) -> Tenant:
        made = json.loads(self.stack.command("keys", "create", "--project", name, "--json"))
        return Tenant(name, made["api_key"], made["webhook_secret"])

    def _takers(self, point: CrashPoint) -> list[int]:
        found = sorted(self.orders.glob(f"{point}{TAKEN}*"), key=lambda path: path.stat().st_mtime)
        return [int(path.name.rpartition(TAKEN)[2]) for path in found]

    def _all_processes(self) -> Iterator[SupervisedProcess]:
        yield from (self.stack.postgres.process, self.stack.valkey.process, self.stack.simulator)
        yield from self.services

    def _start_servers(self) -> None:
        for server in (self.stack.postgres, self.stack.valkey):
            if not server.process.running:
                server.start()
        if not self.stack.simulator.running:
            self.stack.simulator.start()
