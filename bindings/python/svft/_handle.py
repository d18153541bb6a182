"""What models, adapters and trainers share: a handle that is freed once, and a context manager."""

from __future__ import annotations

from ctypes import c_void_p

from .errors import StateError


class Handle:
    """Owns one handle of the library; ``close`` frees it, at the latest when Python forgets it."""

    _free = None

    _made_by = "a function of this package"

    def __init__(self, handle: c_void_p) -> None:
        # Anything else would be taken for an address.
        if not isinstance(handle, c_void_p):
            raise TypeError(
                f"{type(self).__name__} is made by {self._made_by}, not from {handle!r}")
        self._pointer = handle

    @property
    def _handle(self) -> c_void_p:
        if not self._pointer:
            raise StateError(f"expected an open {type(self).__name__}, found a closed one")
        return self._pointer

    def close(self) -> None:
        """Frees the handle. Closing twice is fine."""
        pointer, self._pointer = getattr(self, "_pointer", None), None
        if pointer:
            type(self)._free(pointer)

    def __enter__(self):
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()
