"""Calls that take long: what callbacks raise comes out of them, and Ctrl-C stops them at once."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from ctypes import byref, c_void_p
from typing import Iterator, Optional

from ._library import Strings, check, library


class Call:
    """One call of a C function that computes for a while on a model (none yet while loading).

    Python exceptions cannot pass through C: those of callbacks cancel the call, are kept here, and
    are raised after it.
    """

    def __init__(self, model: Optional[c_void_p] = None) -> None:
        self.model = model
        self.error: Optional[BaseException] = None

    def guard(self, body) -> int:
        """Runs a callback's body: 0 goes on, anything else cancels."""
        if self.error is not None:
            return 1
        try:
            return 1 if body() is False else 0
        except BaseException as error:
            self.error = error
            return 1

    def run(self, function, *arguments) -> None:
        """Calls the function; raises what its callbacks or the library raised."""
        with self._interruptible():
            status = function(*arguments)
        if self.error is not None:
            raise self.error
        check(status)

    def made(self, kind, function, *arguments) -> c_void_p:
        """Calls a function whose last argument is the handle that it makes of a ``kind`` of
        ``Handle``; one that was made before the call was cut short is freed."""
        out = c_void_p()
        try:
            self.run(function, *arguments, byref(out))
        except BaseException:
            if out:
                kind._free(out)
            raise
        return out

    def text(self, function, *arguments) -> str:
        """Calls a function whose last argument is a string output."""
        out = Strings()
        self.run(function, *arguments, out.pointers)
        return out.texts()[0]

    @contextlib.contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C cancels the work on the model and is raised after the call.

        Python runs signal handlers between its own instructions only, so during a C call a second
        thread has to do the cancelling; the wakeup descriptor tells it. Where the program has a
        handler of its own, or an event loop holds that descriptor, nothing is changed.
        """
        if (threading.current_thread() is not threading.main_thread()
                or signal.getsignal(signal.SIGINT) is not signal.default_int_handler):
            yield
            return
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        others = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        if others != -1:
            signal.set_wakeup_fd(others)

        def keep(number, frame) -> None:
            self.error = KeyboardInterrupt()

        watcher = threading.Thread(target=self._watch, args=(reader,), daemon=True)
        watcher.start()
        signal.signal(signal.SIGINT, keep)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            if others == -1:
                signal.set_wakeup_fd(-1)
            os.close(writer)
            watcher.join()
            os.close(reader)

    def _watch(self, reader: int) -> None:
        """Cancels whenever SIGINT is told, until the other end is closed."""
        while numbers := os.read(reader, 64):
            if signal.SIGINT in numbers:
                library.svft_model_cancel(self.model)
