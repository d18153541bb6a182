"""Run and fine-tune transformers on the CPU with SVFT adapters.

    import svft
    with svft.Model.load("model-folder") as model:
        adapter = model.create_adapter(method="svft", pattern="banded", d=8)
        svft.Trainer(adapter, "train.jsonl", output="run", learning_rate=1e-3).run()
        print(model.generate("Once upon a time"))
"""

from __future__ import annotations

from ._arguments import optional_function as _optional_function
from ._library import Log, library as _functions
from .adapter import Adapter
from .errors import (
    Busy, Cancelled, DataError, Error, FormatError, InputOutputError, InternalError,
    InvalidArgument, LimitExceeded, Mismatch, NonFinite, NoSpace, OutOfMemory, ShapeError,
    StateError,
    Truncated, Unsupported,
)
from .model import Classification, Model, estimate, inspect
from .session import Session
from .training import Progress, Trainer, plot

__version__ = (_functions.svft_version() or b"").decode()

_log_callback = Log()


def set_log(callback) -> None:
    """Sends warnings and notes to ``callback(level, text)``; None is silence, the default."""
    global _log_callback
    _optional_function(callback, "callback")
    if callback is None:
        _log_callback = Log()
    else:
        _log_callback = Log(
            lambda user, level, text: callback(level, text.decode("utf-8", "replace")))
    _functions.svft_set_log_callback(_log_callback, None)


__all__ = [
    "Adapter", "Busy", "Cancelled", "Classification", "DataError", "Error", "FormatError",
    "InputOutputError", "InternalError", "InvalidArgument", "LimitExceeded", "Mismatch", "Model",
    "NonFinite", "NoSpace", "OutOfMemory", "Progress", "Session", "ShapeError", "StateError",
    "Trainer", "Truncated", "Unsupported", "estimate", "inspect", "plot", "set_log",
]
