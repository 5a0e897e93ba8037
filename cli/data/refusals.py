"""How a command ends that cannot do what it was asked: one sentence, an exit code, no traceback."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cli.data.language import Language, Words

AT_FAULT, NOT_POSSIBLE, STOPPED = 1, 2, 130
"""The data is at fault; the command cannot be carried out at all; Ctrl-C or SIGTERM."""


class Refused(Exception):  # noqa: N818 - it says what happened
    """The command cannot be carried out; what it would have written is not there."""

    def __init__(self, words: Words, **values: object) -> None:
        super().__init__(words.en)
        self._words = words
        self._values = values

    def said(self, language: Language) -> str:
        """Return why."""
        return self._words.say(language, **self._values)


@contextmanager
def refusals_told(language: Language) -> Iterator[None]:
    """End the command with one sentence where it cannot be carried out; SIGTERM stops it as Ctrl-C does."""
    from domain.errors import InvalidFile, TunewardError

    try:
        with _stopping_on_signals():
            yield
    except Refused as refused:
        raise _ended(refused.said(language), NOT_POSSIBLE) from refused
    except InvalidFile as error:
        raise _ended(error.message, AT_FAULT) from error
    except TunewardError as error:
        raise _ended(error.message, NOT_POSSIBLE) from error
    except KeyboardInterrupt:
        raise _ended(_STOPPED.say(language), STOPPED) from None
    except BrokenPipeError:  # the reader had enough; the command line ends quietly then
        raise
    except OSError as error:
        raise _ended(f"{error.strerror}: {error.filename}" if error.filename else str(error), 2) from error


_STOPPED = Words("Stopped; nothing was written.", "已中止;没有写入任何文件。")


def _ended(said: str, code: int) -> typer.Exit:
    print(said, file=sys.stderr)
    return typer.Exit(code)


@contextmanager
def _stopping_on_signals() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Both, for a shell starts background jobs with SIGINT ignored.
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
