"""Everything `tuneward dev` runs: two servers, the stand-in platform, the schema, the api, the workers."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from embedded import environment
from embedded.data_folder import claim
from embedded.errors import EmbeddedError, ProcessDied
from embedded.ports import LOOPBACK, free_port
from embedded.postgres import Postgres
from embedded.process import SupervisedProcess
from embedded.readiness import answers_ok
from embedded.valkey import Valkey

_WATCH_SECONDS = 0.2
_COMMAND_SECONDS = 60.0


@dataclass
class Stack:
    """The whole service on this machine, in one data folder; use it as a context manager.

    Attributes:
        data_dir: Keeps databases, blobs, keys and logs (`logs/api.log` and so on).
        port: The api's port; 0 takes a free one. `platform_port` likewise.
        worker_count: How many worker processes; they are `workers`, to kill and to start again.
        durable: Whether data survives a crash of the machine; off is faster, for tests.
        with_valkey: Without it `REDIS_URL` leads to a port where nothing listens.
        platform: `simulator` starts the stand-in; `configured` uses `XPULINK_BASE_URL` and `XPULINK_API_KEY`.
        simulator_args: More arguments for the stand-in, such as `--job-seconds 20`.
        user_environment: Whether the caller's own `TUNEWARD_*` variables and `.env` count.
        extra_env: Variables for api and worker that win over everything else.
    """

    data_dir: Path
    port: int = 0
    platform_port: int = 0
    worker_count: int = 1
    durable: bool = True
    with_valkey: bool = True
    platform: Literal["simulator", "configured"] = "simulator"
    simulator_args: Sequence[str] = ()
    user_environment: bool = False
    extra_env: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Describe the servers; nothing is started or written yet."""
        self.data_dir = self.data_dir.resolve()
        self._undo = ExitStack()
        self.postgres = Postgres(self.data_dir / "postgres", durable=self.durable, log=self._log("postgres"))
        self.valkey = Valkey(self.data_dir / "valkey", durable=self.durable, log=self._log("valkey"))

    def start(self) -> None:
        """Start everything and wait until the api is ready.

        Raises:
            EmbeddedError: A part cannot run; whatever was started is stopped again.
        """
        with ExitStack() as undo:
            undo.callback(os.close, claim(self.data_dir))
            self._keep_previous_logs()
            self.port = self.port or free_port()
            undo.callback(_together, [self.simulator.terminate, self.valkey.stop, self.postgres.stop])
            _together([self._start_database, self._start_valkey, self._start_platform])
            services = [self.api, *self.workers]
            undo.callback(_together, [service.terminate for service in services])
            _together([service.start for service in services])
            self.check()
            self._undo = undo.pop_all()

    def stop(self) -> None:
        """Stop everything: our own processes first, then what they need."""
        self._undo.close()

    def check(self) -> None:
        """Raise `ProcessDied`, with the end of its log, if a part has ended."""
        servers = [self.postgres.process, self.valkey.process, self.simulator]
        for process in (*servers, self.api, *self.workers):
            process.check()

    def watch(self) -> None:
        """Return never: raise `ProcessDied` as soon as a part has ended."""
        while True:
            self.check()
            time.sleep(_WATCH_SECONDS)

    def command(self, *arguments: str) -> str:
        """Run `tuneward …` against this stack, as an operator would, and return its standard output.

        Raises:
            EmbeddedError: It ended with another code than 0; the message carries its standard error.
        """
        done = subprocess.run(  # noqa: S603 - our own program
            environment.python_module("cli", *arguments),
            check=False,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self._folder,
            timeout=_COMMAND_SECONDS,
        )
        if done.returncode:
            raise EmbeddedError(f"tuneward {' '.join(arguments)} failed:\n{done.stderr}")
        return done.stdout

    @property
    def api_url(self) -> str:
        """`http://127.0.0.1:PORT`; OpenAI clients take `/v1` after it as their base URL."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def database_url(self) -> str:
        """The embedded Postgres, password included."""
        return self.postgres.url

    @cached_property
    def redis_url(self) -> str:
        """The embedded Valkey, or a port where nothing listens."""
        return self.valkey.url if self.with_valkey else f"redis://{LOOPBACK}:{free_port()}/0"

    @property
    def platform_url(self) -> str:
        """The platform's base URL, `/v1` included."""
        return self._platform[0]

    @property
    def api_key(self) -> str:
        """The key of the project `default`."""
        return self.environment["TUNEWARD_BOOTSTRAP_API_KEY"]

    @property
    def webhook_secret(self) -> str:
        """What webhooks of the project `default` are signed with, from the first start on."""
        return self.environment["TUNEWARD_BOOTSTRAP_WEBHOOK_SECRET"]

    @cached_property
    def environment(self) -> dict[str, str]:
        """The variables of api, worker and every other `tuneward` process, once the servers run."""
        base_url, key = self._platform
        return self._environment(REDIS_URL=self.redis_url, XPULINK_BASE_URL=base_url, XPULINK_API_KEY=key)

    @cached_property
    def simulator(self) -> SupervisedProcess:
        """The stand-in platform."""
        key = {"SIMULATOR_API_KEY": environment.SIMULATOR_API_KEY}
        arguments = ["--port", str(self.platform_port), "--data-dir", str(self.data_dir / "platform")]
        return SupervisedProcess(
            "simulator",
            environment.python_module("simulator", *arguments, *self.simulator_args),
            log=self._log("simulator"),
            environment=environment.of_programs(inherit=self.user_environment) | key,
            folder=self.data_dir,
            ready=_says_so,
        )

    @cached_property
    def api(self) -> SupervisedProcess:
        """The api process."""
        api = self._service("api", self.environment, "api", "--host", LOOPBACK, "--port", str(self.port))
        api.ready = lambda _: answers_ok(f"{self.api_url}/readyz")
        return api

    @cached_property
    def workers(self) -> list[SupervisedProcess]:
        """The worker processes."""
        numbers = range(1, self.worker_count + 1)
        workers = [self._service(f"worker-{number}", self.environment, "worker") for number in numbers]
        for worker in workers:
            worker.ready = _says_so
        return workers

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_database(self) -> None:
        self.postgres.start()
        # The platform and Redis may not run yet: this needs neither.
        migrate = self._service("migrate", self._environment(), "migrate")
        migrate.start()
        if code := migrate.wait(_COMMAND_SECONDS):
            raise ProcessDied("tuneward migrate", code, migrate.log, migrate.log_tail())

    def _start_valkey(self) -> None:
        if self.with_valkey:
            self.valkey.start()

    def _start_platform(self) -> None:
        if self.platform == "simulator":
            self.simulator.start()

    @cached_property
    def _platform(self) -> tuple[str, str]:
        if self.platform == "configured":
            return environment.configured_platform()
        said = self.simulator.event("ready")
        if said is None:
            raise EmbeddedError("The stand-in platform does not run")
        return str(said["url"]), environment.SIMULATOR_API_KEY

    def _environment(self, **servers: str) -> dict[str, str]:
        return environment.of_services(
            self.data_dir,
            inherit=self.user_environment,
            required={"DATABASE_URL": self.database_url, **servers},
            extra=self.extra_env,
        )

    def _service(self, name: str, variables: Mapping[str, str], *arguments: str) -> SupervisedProcess:
        return SupervisedProcess(
            name,
            environment.python_module("cli", *arguments),
            log=self._log(name),
            folder=self._folder,
            environment=variables,
        )

    @property
    def _folder(self) -> Path | None:
        """The current folder of `tuneward` processes: ours holds the `.env` that may count."""
        return None if self.user_environment else self.data_dir

    def _log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    def _keep_previous_logs(self) -> None:
        """Move the logs of the run before this one to `*.log.1`."""
        for log in (self.data_dir / "logs").glob("*.log"):
            log.replace(log.with_suffix(".log.1"))


def _says_so(process: SupervisedProcess) -> bool:
    return process.event("ready") is not None


def _together(steps: Sequence[Callable[[], None]]) -> None:
    """Run these at the same time, all to their end, and raise the first one's error."""
    with ThreadPoolExecutor(max_workers=max(1, len(steps))) as pool:
        running = [pool.submit(step) for step in steps]
    for step in running:
        step.result()
