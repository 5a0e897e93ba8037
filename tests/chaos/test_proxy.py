"""The proxy does to a connection what it was told, and nothing else."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from chaos.background import Background
from chaos.proxy import Harm, Proxy, Trap


class Echo:
    """Answers each line with itself, in capitals, and remembers all that came."""

    def __init__(self) -> None:
        self.got = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                while came := connection.recv(4096):
                    self.got += came
                    if came.endswith(b"\n"):
                        connection.sendall(came.upper())
            except ConnectionError:
                return


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.listener.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Background() as background:
        proxy = Proxy(background, "echo", echo.listener.getsockname)
        proxy.start()
        yield proxy
        proxy.stop()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def said(proxy: Proxy, words: bytes = b"hello\n") -> bytes:
    with connect(proxy) as client:
        client.sendall(words)
        return client.recv(4096)


def wait_for(echo: Echo, words: bytes) -> None:
    give_up = time.monotonic() + 5
    while words not in echo.got:
        assert time.monotonic() < give_up, echo.got
        time.sleep(0.005)


def test_bytes_pass_both_ways_and_are_counted(proxy: Proxy) -> None:
    assert said(proxy) == b"HELLO\n"
    assert proxy.bytes == {"up": 6, "down": 6}


def test_an_end_passes_both_ways(proxy: Proxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"hello\n")
        client.shutdown(socket.SHUT_WR)
        assert (client.recv(4096), client.recv(4096)) == (b"HELLO\n", b"")


def test_refused_connections_are_refused_until_healed(proxy: Proxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"hello\n")
        assert client.recv(4096) == b"HELLO\n"
        proxy.refuse()
        with pytest.raises(ConnectionResetError):
            client.recv(4096)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.heal()
    assert said(proxy) == b"HELLO\n"


def test_a_cut_resets_open_connections_and_lets_new_ones_pass(proxy: Proxy) -> None:
    with connect(proxy) as client:
        client.sendall(b"hello\n")
        client.recv(4096)
        assert proxy.cut() == 1
        with pytest.raises(ConnectionResetError):
            client.recv(4096)
    assert said(proxy) == b"HELLO\n"


def test_a_hole_takes_bytes_and_passes_them_on_once_healed(proxy: Proxy, echo: Echo) -> None:
    proxy.hole()
    with connect(proxy) as client:
        client.sendall(b"hello\n")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(4096)
        assert echo.got == b""
        proxy.heal()
        client.settimeout(5)
        assert client.recv(4096) == b"HELLO\n"


def test_a_swallowed_answer_came_from_a_request_that_arrived(proxy: Proxy, echo: Echo) -> None:
    ports: list[int] = []
    trap = proxy.trap(Trap(b"create", Harm.SWALLOW, call=ports.append))
    assert said(proxy, b"look\n") == b"LOOK\n"
    with connect(proxy) as client:
        client.sendall(b"create\n")
        with pytest.raises(ConnectionResetError):
            client.recv(4096)
        assert ports == [client.getsockname()[1]]
    assert (echo.got, trap.count) == (b"look\ncreate\n", 1)
    assert said(proxy, b"create\n") == b"CREATE\n"


def test_a_cut_after_so_many_bytes_lets_those_pass(proxy: Proxy) -> None:
    proxy.trap(Trap(b"upload", Harm.CUT, after=10))
    with connect(proxy) as client:
        client.sendall(b"an upload of twenty bytes\n")
        with pytest.raises(ConnectionResetError):
            client.recv(4096)
    assert proxy.bytes["up"] == len(b"an upload of ")


def test_what_is_held_stands_at_its_byte_until_the_call_is_over(proxy: Proxy, echo: Echo) -> None:
    go_on = threading.Event()
    trap = proxy.trap(Trap(b"upload", Harm.HOLD, after=9, call=lambda _: (go_on.wait(5), None)[1]))
    with connect(proxy) as client:
        client.sendall(b"upload of ")
        client.sendall(b"much\n")
        assert trap.wait(5)
        wait_for(echo, b"upload of")
        assert echo.got == b"upload of"
        go_on.set()
        wait_for(echo, b"much\n")
    assert echo.got == b"upload of much\n"


def test_words_are_found_across_two_pieces(proxy: Proxy, echo: Echo) -> None:
    trap = proxy.trap(Trap(b"create", Harm.SWALLOW))
    with connect(proxy) as client:
        client.sendall(b"cre")
        wait_for(echo, b"cre")
        client.sendall(b"ate\n")
        with pytest.raises(ConnectionResetError):
            client.recv(4096)
    assert trap.sprung.is_set()


def test_a_slow_path_takes_its_time(proxy: Proxy) -> None:
    proxy.slow(0.05)
    begun = time.monotonic()
    assert said(proxy) == b"HELLO\n"
    assert time.monotonic() - begun >= 0.1
