"""What texts and pictures are to the C functions: strings.

A model of images takes the path of a picture file, or a data URI with the contents of one. Bytes
are such contents; an array is written as a portable pixmap, which needs no library.
"""

from __future__ import annotations

import base64
import os
from typing import Sequence, Union

import numpy as np

Input = Union[str, "os.PathLike[str]", bytes, np.ndarray]


def _pixmap(array: np.ndarray) -> bytes:
    """The contents of a PGM or PPM file of 8-bit numbers, [height, width] or [..., 1 or 3]."""
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (
            array.ndim == 3 and array.shape[2] not in (1, 3)):
        raise TypeError(
            "expected a picture as uint8 [height, width] or [height, width, 1 or 3], found "
            f"{array.dtype} {list(array.shape)}")
    kind = "P6" if array.ndim == 3 and array.shape[2] == 3 else "P5"
    header = f"{kind}\n{array.shape[1]} {array.shape[0]}\n255\n".encode("ascii")
    return header + np.ascontiguousarray(array).tobytes()


def _text(value: Input) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray):
        value = _pixmap(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "data:;base64," + base64.b64encode(value).decode("ascii")
    return os.fspath(value)


def is_single(value: Union[Input, Sequence[Input]]) -> bool:
    """Whether this is one text or picture, not a sequence of them."""
    return isinstance(value, (str, bytes, bytearray, memoryview, np.ndarray, os.PathLike))


def listed(value: Union[Input, Sequence[Input]]) -> "list[str]":
    """Texts and pictures as strings."""
    return [_text(value)] if is_single(value) else [_text(each) for each in value]
