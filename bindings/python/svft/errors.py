"""One exception class per status of libsvft; the message is the library's own sentence."""

from __future__ import annotations


class Error(Exception):
    """A failure of libsvft. ``status`` is the number that svft.h documents."""

    status = 99


class InvalidArgument(Error, ValueError):
    status = 1


class InputOutputError(Error, OSError):
    status = 2


class FormatError(Error, ValueError):
    status = 3


class Truncated(Error, ValueError):
    status = 4


class Unsupported(Error):
    status = 5


class ShapeError(Error, ValueError):
    status = 6


class Mismatch(Error, ValueError):
    status = 7


class DataError(Error, ValueError):
    status = 8


class LimitExceeded(Error):
    status = 9


class OutOfMemory(Error, MemoryError):
    status = 10


class NoSpace(Error, OSError):
    status = 11


class Busy(Error):
    status = 12


class StateError(Error):
    status = 13


class Cancelled(Error):
    status = 14


class NonFinite(Error, ArithmeticError):
    status = 15


class InternalError(Error):
    status = 99


BY_STATUS = {
    kind.status: kind
    for kind in (
        InvalidArgument, InputOutputError, FormatError, Truncated, Unsupported, ShapeError,
        Mismatch,
        DataError, LimitExceeded, OutOfMemory, NoSpace, Busy, StateError, Cancelled, NonFinite,
        InternalError,
    )
}
