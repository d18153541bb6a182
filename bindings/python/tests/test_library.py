"""The ctypes table against the library: versions, struct layouts, exceptions."""

import ctypes

import pytest
import svft
from svft import _library, errors

STRUCTS = {
    "svft_model_params_init": _library.ModelParams,
    "svft_generation_params_init": _library.GenerationParams,
    "svft_train_params_init": _library.TrainParams,
}


def test_versions_agree():
    assert _library.library.svft_abi_version() == _library.ABI_VERSION
    assert svft.__version__.count(".") == 2


@pytest.mark.parametrize("name", STRUCTS)
def test_struct_layouts_have_the_size_that_the_library_accepts(name):
    params = STRUCTS[name]()
    size = ctypes.sizeof(params)
    initialise = getattr(_library.library, name)
    assert initialise(ctypes.byref(params), size) == 0
    assert params.struct_size == size
    for other in (0, 4, size - 4, 2**31):
        assert initialise(ctypes.byref(params), other) == 1


def test_defaults_lie_where_the_layout_says():
    params = _library.TrainParams()
    _library.library.svft_train_params_init(ctypes.byref(params), ctypes.sizeof(params))
    assert (params.epochs, params.batch_size, params.beta1, params.beta2) == (1, 4, 0.9, 0.999)
    assert (params.save_total_limit, params.steps_per_report, params.resume) == (2, 10, 0)
    params = _library.GenerationParams()
    _library.library.svft_generation_params_init(ctypes.byref(params), ctypes.sizeof(params))
    assert (params.top_k, params.penalty_window, params.parses_special) == (40, 64, 0)


@pytest.mark.parametrize("status", errors.BY_STATUS)
def test_every_status_has_its_exception(status):
    kind = errors.BY_STATUS[status]
    assert kind.status == status and issubclass(kind, svft.Error)
    name = _library.library.svft_status_string(status).decode()
    assert name and name != "unknown status"


def test_the_log_goes_to_a_callback_and_can_be_silenced():
    svft.set_log(lambda level, text: None)
    svft.set_log(None)


@pytest.mark.parametrize("kind", [svft.Model, lambda path: svft.Session(path, None)])
def test_a_path_is_no_handle(kind):
    with pytest.raises(TypeError, match="is made by Model"):
        kind("Demo/model")


def test_a_library_that_is_named_is_the_one_or_none(monkeypatch, tmp_path):
    for path, found in [(tmp_path / "libsvft.so.0", "no such file"), (tmp_path, "cannot read")]:
        monkeypatch.setenv("SVFT_LIBRARY", str(path))
        with pytest.raises(ImportError, match=f"SVFT_LIBRARY={path}: expected .*{found}"):
            _library._open()


def test_other_libraries_are_told_by_their_version_first():
    class Older:
        @staticmethod
        def svft_abi_version():
            return _library.ABI_VERSION - 1

    with pytest.raises(ImportError, match="old.so: expected ABI version 1 of libsvft, found 0"):
        _library._declared(Older, "old.so")
    Older.svft_abi_version = staticmethod(lambda: _library.ABI_VERSION)
    with pytest.raises(ImportError, match=r"old.so: expected a libsvft with svft_version\(\)"):
        _library._declared(Older, "old.so")
