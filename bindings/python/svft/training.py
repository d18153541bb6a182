"""Training of an adapter, and pictures of it."""

from __future__ import annotations

import ctypes
import json
import math
from ctypes import byref, c_double
from dataclasses import dataclass
from typing import Callable, Optional

from ._arguments import AnyPath, optional_function, refusal, set_fields, utf8_path
from ._calls import Call
from ._handle import Handle
from ._library import Train, TrainParams, check, library, text_out
from .adapter import Adapter


@dataclass
class Progress:
    """One report of a run: event is step, evaluation, checkpoint, skipped or finished."""

    event: str
    step: int
    total_steps: int
    epoch: float
    loss: float
    validation_loss: Optional[float]
    gradient_norm: float
    learning_rate: float
    tokens: int
    tokens_per_second: float
    elapsed: float
    remaining: float


def _report(pointer) -> Progress:
    values = {name: getattr(pointer.contents, name) for name, _ in pointer.contents._fields_}
    values["event"] = values["event"].decode()
    if math.isnan(values["validation_loss"]):
        values["validation_loss"] = None
    return Progress(**values)


class Trainer(Handle):
    """Fine-tunes an adapter on a data file or folder.

    Options are the fields of svft_train_params: epochs, steps, batch_size,
    grad_accumulation_steps, learning_rate, head_learning_rate, optimizer, lr_schedule,
    warmup_steps, warmup_ratio, weight_decay, beta1, beta2, epsilon, momentum, max_grad_norm,
    max_seq_length, on_long, loss_on, chat_layout, seed, val_split, steps_per_eval, patience,
    save_every, save_total_limit, steps_per_report, resume, gradient_checkpointing.
    """

    _free = library.svft_trainer_free

    def __init__(
        self, adapter: Adapter, data: AnyPath, *, validation: Optional[AnyPath] = None,
        output: Optional[AnyPath] = None, **options,
    ) -> None:
        if not isinstance(adapter, Adapter):
            raise refusal("adapter", "an adapter", adapter)
        params = TrainParams()
        check(library.svft_train_params_init(byref(params), ctypes.sizeof(params)))
        set_fields(params, options, "Trainer")
        paths = (
            utf8_path(data, "data"), utf8_path(validation, "validation"),
            utf8_path(output, "output"))
        super().__init__(Call(adapter.model._handle).made(
            Trainer, library.svft_trainer_create, adapter._handle, *paths, byref(params)))
        self.adapter = adapter

    def run(self, on_progress: Optional[Callable[[Progress], Optional[bool]]] = None) -> dict:
        """Trains to the end and returns ``describe()``; the callback cancels by returning False.

        Ctrl-C cancels too, after a checkpoint, and is raised again as KeyboardInterrupt.
        """
        optional_function(on_progress, "on_progress")
        call = Call(self.adapter.model._handle)

        def report(user, pointer) -> int:
            return call.guard(
                lambda: None if on_progress is None else on_progress(_report(pointer)))

        call.run(library.svft_trainer_run, self._handle, Train(report), None)
        return self.describe()

    def step(self) -> float:
        """One optimiser step; returns its mean loss."""
        loss = c_double()
        Call(self.adapter.model._handle).run(library.svft_trainer_step, self._handle, byref(loss))
        return loss.value

    def describe(self) -> dict:
        """Steps, losses, best evaluation, parameters, data."""
        return json.loads(text_out(library.svft_trainer_describe, self._handle))


def plot(metrics: AnyPath, path: AnyPath) -> None:
    """Draws a metrics.jsonl, a report of ``inspect`` with spectra, or an ablation.json as an SVG
    file."""
    check(library.svft_plot(utf8_path(metrics, "metrics"), utf8_path(path, "path")))
