"""Ctrl-C between a C function's return and Python's next step: what was handed out is freed."""

import ctypes
import gc
import os
import signal

import pytest
import svft
from svft import _library
from svft._calls import Call

GREEDY = {"temperature": 0, "max_tokens": 12, "ignores_end": True}


def test_ctrl_c_leaves_no_adapter_behind(llama):
    made = []

    def create(*given):
        status = _library.library.svft_adapter_create(*given)
        made.append(status)
        os.kill(os.getpid(), signal.SIGINT)
        return status

    with pytest.raises(KeyboardInterrupt):
        Call(llama._handle).made(svft.Adapter, create, llama._handle, b'{"method": "lora"}')
    assert made == [0] and not llama.describe().get("adapters")


def cut_short(monkeypatch, name):
    """Has Ctrl-C pressed between the return of a C function and what Python does next; gives the
    addresses of the strings that were handed out and not freed."""
    library, held = _library.library, set()
    function, free = getattr(library, name), library.svft_string_free

    def called(*given):
        status = function(*given)
        outputs = [getattr(value, "_obj", value) for value in given]
        *_, strings = [
            [value.value] if isinstance(value, ctypes.c_void_p) else list(value)
            for value in outputs
            if ctypes.c_void_p in (type(value), getattr(value, "_type_", None))]
        held.update(strings)
        assert status == 0 and held and all(held)
        os.kill(os.getpid(), signal.SIGINT)
        return status

    def freed(pointer):
        held.discard(getattr(pointer, "value", pointer))
        free(pointer)

    monkeypatch.setattr(library, name, called)
    monkeypatch.setattr(library, "svft_string_free", freed)
    return held


@pytest.mark.parametrize("name, call", [
    ("svft_adapter_import", lambda model, path: model.import_adapter(path)),
    ("svft_adapter_sum", lambda model, path: svft.Adapter.sum([model.load_adapter(path)])),
    ("svft_adapter_export", lambda model, path: model.load_adapter(path).export(path / "new")),
    ("svft_model_describe", lambda model, path: model.describe()),
    ("svft_generate", lambda model, path: model.generate(["The", "lamp"], **GREEDY)),
    ("svft_session_generate", lambda model, path: model.session().generate("The", **GREEDY)),
])
def test_ctrl_c_leaves_no_string_behind(llama, tmp_path, monkeypatch, name, call):
    with llama.create_adapter("lora", r=2) as adapter:
        adapter.save(tmp_path / "saved")
    held = cut_short(monkeypatch, name)
    with pytest.raises(KeyboardInterrupt) as pressed:
        call(llama, tmp_path / "saved")
    pressed.value.__traceback__ = None
    del pressed
    gc.collect()
    assert not held


@pytest.mark.parametrize("name, kind, call", [
    ("svft_model_load", svft.Model, lambda model, path: svft.Model.load(path, threads=1)),
    ("svft_session_create", svft.Session, lambda model, path: model.session()),
])
def test_ctrl_c_leaves_no_model_or_session_behind(llama, monkeypatch, name, kind, call):
    path, freed = llama.describe()["path"], []
    make, free = getattr(_library.library, name), kind._free

    def pressed(*given):
        status = make(*given)
        os.kill(os.getpid(), signal.SIGINT)
        return status

    with monkeypatch.context() as patched:
        patched.setattr(_library.library, name, pressed)
        patched.setattr(
            kind, "_free", staticmethod(lambda handle: (freed.append(handle), free(handle))))
        with pytest.raises(KeyboardInterrupt):
            call(llama, path)
    assert len(freed) == 1
