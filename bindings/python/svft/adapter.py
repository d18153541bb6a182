"""Adapters attached to a model."""

from __future__ import annotations

import json
from ctypes import c_void_p
from typing import TYPE_CHECKING, Iterable

from ._arguments import AnyPath, items, number, refusal, utf8_json, utf8_path
from ._calls import Call
from ._handle import Handle
from ._library import Strings, check, library, text_out

if TYPE_CHECKING:
    from .model import Model


class Adapter(Handle):
    """An adapter on a model: made by ``Model.create_adapter`` or ``Model.load_adapter``."""

    _free = library.svft_adapter_free
    _made_by = "Model.create_adapter or Model.load_adapter"

    def __init__(self, handle, model: "Model") -> None:
        super().__init__(handle)
        self.model = model
        model._adapters.append(self)  # stays attached when nobody else holds it

    def close(self) -> None:
        """Takes the adapter off its model and frees it; where the model is in use, it goes when
        that call ends. Closing twice is fine."""
        super().close()
        model = getattr(self, "model", None)
        if model is not None and self in model._adapters:
            model._adapters.remove(self)

    def set_scale(self, scale: float) -> None:
        """The factor on the change this adapter makes; 0 turns it off."""
        check(library.svft_adapter_set_scale(self._handle, number(scale, "scale")))

    def save(self, path: AnyPath) -> None:
        """Writes adapter_config.json and adapter_model.safetensors into a folder, which must not
        be that of a training run with checkpoints: the run's own adapter is in there."""
        check(library.svft_adapter_save(self._handle, utf8_path(path, "path")))

    def export(self, path: AnyPath, to: str = "peft", **options) -> dict:
        """Writes the adapter in another form: "peft" (with ``rank``), "gguf-lora" or "delta"."""
        request = utf8_json({"to": to, **options}, "options")
        return json.loads(Call(self.model._handle).text(
            library.svft_adapter_export, self._handle, utf8_path(path, "path"), request))

    @staticmethod
    def sum(adapters: "Iterable[Adapter]", rule: str = "sum", **options) -> "tuple[Adapter, dict]":
        """Makes one adapter of several of one model, each with its scale as weight, by ``rule``
        ("sum", "mean", "ties" with ``density``, "dare" with ``drop`` and ``seed``; ``rank`` for
        lora). It is attached beside the others. Gives the adapter and a report."""
        adapters = items(adapters, "adapters", "adapters")
        for index, adapter in enumerate(adapters):
            if not isinstance(adapter, Adapter):
                raise refusal(f"adapters[{index}]", "an adapter", adapter)
        handles = (c_void_p * max(1, len(adapters)))(*[one._handle.value for one in adapters])
        request, report = utf8_json({"rule": rule, **options}, "options"), Strings()
        handle = Call(adapters[0].model._handle if adapters else None).made(
            Adapter, lambda *given: library.svft_adapter_sum(*given, report.pointers),
            handles, len(adapters), request)
        return Adapter(handle, adapters[0].model), json.loads(report.texts()[0])

    def describe(self) -> dict:
        """Method, targets, trained numbers per module."""
        return json.loads(text_out(library.svft_adapter_describe, self._handle))

    def detach(self) -> None:
        """Takes the adapter off its model and frees it."""
        self.close()
