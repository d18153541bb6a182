"""The error that encoding leaves, beside ggml's own encoder on the same tensors.

    peers/bin/python Benchmarks/quantize_error.py --out FOLDER [--tensors FILE.safetensors …]

Builds the kernels' own sources into a library (a clang is needed: CC or clang) and encodes random
tensors and the matrices of the files given with it and with ggml_quantize_chunk of
llama-cpp-python, both without and with an importance per column. Writes FOLDER/quantize_error.md:
the root of the mean squared error by the tensor's own size (with importance: each square times its
weight), their ratio, and values per second of one thread.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import time
from pathlib import Path

import numpy as np

KERNELS = Path(__file__).resolve().parents[1] / "Sources" / "CKernels"
#: Formats that both encode by a search, with their type ids.
FORMATS = {"Q2_K": 10, "Q3_K": 11, "Q4_K": 12, "Q5_K": 13, "Q6_K": 14, "IQ4_NL": 20, "IQ4_XS": 23}
COLUMNS = 2048


def ours(out: Path) -> ctypes.CDLL:
    """The kernels as a library."""
    path = out / "kernels.so"
    subprocess.run(
        [os.environ.get("CC", "clang"), "-O2", "-fPIC", "-shared", "-I", KERNELS / "include",
         *sorted(KERNELS.glob("*.c")), "-lm", "-o", path], check=True)
    library = ctypes.CDLL(str(path))
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    library.svk_format_of.restype = pointer
    library.svk_format_of.argtypes = [ctypes.c_uint32]
    library.svk_encode.argtypes = [pointer, pointer, pointer, count, pointer]
    library.svk_decode.argtypes = [pointer, pointer, count, pointer]
    for name in ("svk_block_length", "svk_block_bytes"):
        getattr(library, name).restype = count
        getattr(library, name).argtypes = [pointer]
    return library


def theirs() -> ctypes.CDLL:
    """ggml as llama-cpp-python brings it."""
    import llama_cpp

    library = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / "libggml-base.so"))
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    library.ggml_quantize_chunk.restype = ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [
        ctypes.c_int, pointer, pointer, count, count, count, pointer]
    return library


def tensors(files: "list[Path]") -> "list[tuple[str, np.ndarray]]":
    """Names and values [rows, columns]: random ones, then the largest two of each file."""
    random = np.random.default_rng(7)
    shape = (256, COLUMNS)
    found = [("normal", random.standard_normal(shape)),
             ("Student's t, 3 degrees", random.standard_t(3, shape)),
             ("Laplace", random.laplace(size=shape)),
             ("uniform", random.uniform(-1, 1, shape))]
    for path in files:
        from safetensors.numpy import load_file

        matrices = [(name, value) for name, value in load_file(path).items()
                    if value.ndim == 2 and value.size % 256 == 0]
        matrices.sort(key=lambda pair: -pair[1].size)
        found += [(f"{path.parent.name}: {name}", value.reshape(-1, 256)[:4096])
                  for name, value in matrices[:2]]
    return [(name, np.ascontiguousarray(value, dtype=np.float32)) for name, value in found]


def measure(library, ggml, values: np.ndarray, kind: int, weights: "np.ndarray | None") -> dict:
    """Errors and rates of both encoders."""
    table = library.svk_format_of(kind)
    size = values.size // library.svk_block_length(table) * library.svk_block_bytes(table)
    rows, columns = values.shape
    spread = None if weights is None else np.tile(weights, rows)
    first, second = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    place = lambda array: None if array is None else array.ctypes.data  # noqa: E731
    begin = time.perf_counter()
    library.svk_encode(table, place(values), place(spread), values.size, place(first))
    middle = time.perf_counter()
    ggml.ggml_quantize_chunk(
        kind, place(values), place(second), 0, rows, columns, place(weights))
    end = time.perf_counter()
    errors = []
    for encoded in (first, second):
        found = np.empty(values.shape, np.float32)
        library.svk_decode(table, place(encoded), values.size, place(found))
        squares = (found.astype(np.float64) - values) ** 2 * (1 if weights is None else weights)
        size = values.astype(np.float64) ** 2 * (1 if weights is None else weights)
        errors.append(float(np.sqrt(squares.sum() / size.sum())))
    return {"ours": errors[0], "ggml": errors[1], "our rate": values.size / (middle - begin),
            "their rate": values.size / (end - middle)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tensors", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    library, ggml = ours(arguments.out), theirs()
    lines = ["| tensor | format | importance | ours | ggml | ratio | 10⁶/s | ggml's 10⁶/s |",
             "|---|---|---|---|---|---|---|---|"]
    for name, values in tensors(arguments.tensors):
        weights = np.random.default_rng(3).gamma(0.5, size=values.shape[1]).astype(np.float32)
        for form, kind in FORMATS.items():
            for importance in (None, weights + np.float32(0.05)):
                row = measure(library, ggml, values, kind, importance)
                lines.append(
                    f"| {name} | {form} | {'none' if importance is None else 'per column'} "
                    f"| {row['ours']:.5f} | {row['ggml']:.5f} "
                    f"| {row['ours'] / row['ggml']:.3f} | {row['our rate'] / 1e6:.0f} "
                    f"| {row['their rate'] / 1e6:.0f} |")
    text = "\n".join(lines) + "\n"
    (arguments.out / "quantize_error.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
