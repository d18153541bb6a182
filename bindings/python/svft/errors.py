"""One exception class per status of libsvft; the message is the library's own sentence."""

from __future__ import annotations

from typing import Optional

BY_STATUS: "dict[int, type[Error]]" = {}


class Error(Exception):
    """A failure of libsvft. ``status`` is the number that svft.h documents."""

    status = 99

    def __init_subclass__(cls, status: Optional[int] = None, **rest) -> None:
        super().__init_subclass__(**rest)
        if status is not None:
            cls.status = status
            BY_STATUS[status] = cls


class InvalidArgument(Error, ValueError, status=1):
    """A number out of range, or an unknown option."""


class InputOutputError(Error, OSError, status=2):
    """The system could not open, read or write."""


class FormatError(Error, ValueError, status=3):
    """A file that is not what it should be."""


class Truncated(Error, ValueError, status=4):
    """A file that ends too early."""


class Unsupported(Error, status=5):
    """Well formed, but not known here."""


class ShapeError(Error, ValueError, status=6):
    """Dimensions that do not fit each other."""


class Mismatch(Error, ValueError, status=7):
    """Adapter, base or version that do not belong together."""


class DataError(Error, ValueError, status=8):
    """Training data; the message has the line."""


class LimitExceeded(Error, status=9):
    """Beyond a limit of the model or the format."""


class OutOfMemory(Error, MemoryError, status=10):
    """The system or ``memory_limit`` has no more."""


class NoSpace(Error, OSError, status=11):
    """The disk is full."""


class Busy(Error, status=12):
    """In use by another thread, or by the caller of this callback."""


class StateError(Error, status=13):
    """Not now: closed, finished, or not attached."""


class Cancelled(Error, status=14):
    """By a callback or ``Model.cancel``; the object is still usable."""


class NonFinite(Error, ArithmeticError, status=15):
    """NaN or infinity where numbers are needed."""


class InternalError(Error, status=99):
    """libsvft is at fault; please report."""
