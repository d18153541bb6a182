"""A training step of SVFT as its authors compute it, in PyTorch, beside ours.

    peers/bin/python Benchmarks/authors.py --out FOLDER [--tokens 512] [--samples 5] [--threads 2]

The authors' layers keep U, sigma and V in F32 in place of W and build the dense weight anew in
every forward pass, y = x V (diag(sigma) + g M)^T U^T, with M a sparse tensor of trained values and
g the sigmoid of a trained gate (arXiv 2405.19597). Their code has no licence, so the layer here is
written from that formula: a stand-in. Its sparse product is that of torch_sparse, as in their code,
where it can be imported (`pip install --no-build-isolation torch_scatter torch_sparse` compiles for
some 20 minutes), else that of torch.sparse; the table says which. U and V are random and
orthonormal, which costs what true ones cost. Both sides train all linear modules of the same random
model (geometry of SmolLM2-135M, F32) on one sequence of TOKENS random tokens with AdamW: plain, and
banded with d = 2. Ours does so twice: in F32, and over the same weights as BF16, with the products
of its default; their layers hold F32 whatever the model had.

Each contestant is a process of its own that stays; they take turns, sample by sample. FOLDER gets
the model, authors.md and authors.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))

import random_model  # noqa: E402
from contestant import LibSVFT, Torch, peak_bytes  # noqa: E402

HALF_BANDWIDTHS = (0, 2)
SIDES = ("authors", "ours", "ours over BF16")


# ---- In a process of its own ----------------------------------------------------------------


def sparse_product():
    """(index, values, order, dense) -> sparse [order, order] times dense, and whose it is."""
    import torch

    try:
        import torch_sparse
    except ImportError:
        def product(index, values, order, dense):
            sparse = torch.sparse_coo_tensor(
                index, values, (order, order), check_invariants=False)
            return torch.sparse.mm(sparse, dense)

        return product, f"torch.sparse {torch.__version__}"

    def product(index, values, order, dense):
        return torch_sparse.spmm(index, values, order, order, dense)

    return product, f"torch_sparse {torch_sparse.__version__}"


def band(order: int, half_bandwidth: int):
    """Row-major indices of the cells |i - j| <= d, [2, count]."""
    import torch

    cells = [(i, j) for i in range(order)
             for j in range(max(0, i - half_bandwidth), min(order, i + half_bandwidth + 1))]
    return torch.tensor(cells).T.contiguous()


def rebuilt_linear(weight, half_bandwidth: int, product):
    """A layer in place of one with that weight, on random factors."""
    import torch

    class RebuiltLinear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            rows, columns = weight.shape
            self.order = min(rows, columns)

            def factor(size):
                return torch.linalg.qr(torch.randn(size, self.order))[0].contiguous()

            self.register_buffer("ut", factor(rows).T.contiguous())
            self.register_buffer("v", factor(columns))
            self.register_buffer("sigma", torch.rand(self.order).sort(descending=True).values)
            cells = band(self.order, half_bandwidth)
            diagonal = torch.arange(self.order).repeat(2, 1)
            # (diag(sigma) + g M)^T: transposed indices, the diagonal besides.
            self.register_buffer("index", torch.cat([cells.flip(0), diagonal], 1))
            self.values = torch.nn.Parameter(
                torch.randn(cells.shape[1]) * (2 / cells.shape[1]) ** 0.5)
            self.gate = torch.nn.Parameter(torch.zeros(1))

        def rebuilt(self):
            mixed = torch.cat([self.values * torch.sigmoid(self.gate), self.sigma])
            return self.v @ product(self.index, mixed, self.order, self.ut)

        def forward(self, x):
            return x @ self.rebuilt()

    return RebuiltLinear()


def check(product) -> None:
    """The layer is the formula: its dense weight equals U (diag(sigma) + g M) V^T."""
    import torch

    layer = rebuilt_linear(torch.empty(20, 12), 2, product)
    mix = torch.diag(layer.sigma)
    for (i, j), value in zip(band(12, 2).T.tolist(), layer.values.tolist()):
        mix[i, j] += value / 2
    expected = layer.ut.T @ mix @ layer.v.T
    assert torch.allclose(layer.rebuilt().T, expected, atol=1e-5), "the stand-in is not the formula"


class Authors(Torch):
    def __init__(self, model: str, half_bandwidth: int, threads: int) -> None:
        self.half_bandwidth = half_bandwidth
        self.product, self.program = sparse_product()
        super().__init__(model, "f32", threads)

    def adapt(self) -> None:
        check(self.product)
        linear = self.torch.nn.Linear
        self.model.requires_grad_(False)
        for parent in list(self.model.model.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, linear):
                    setattr(parent, name, rebuilt_linear(
                        child.weight, self.half_bandwidth, self.product))

    def step(self, tokens: int) -> float:
        return self.seconds("train", tokens, 0)

    @property
    def trained(self) -> int:
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)


class Ours(LibSVFT):
    program = "libsvft"
    form = "f32"

    def __init__(self, model: str, half_bandwidth: int, threads: int) -> None:
        super().__init__(model, self.form, threads)
        self.adapter = {"method": "svft", "pattern": "banded", "d": half_bandwidth, "form": "auto"}
        with self.model.create_adapter(**self.adapter) as adapter:
            self.trained = adapter.describe()["trainable"]

    def step(self, tokens: int) -> float:
        report = self.model.bench(
            prompt=tokens, decode=1, train=2, repeats=1, adapter=self.adapter)
        return report["train"]["seconds"]


class OursOverBF16(Ours):
    form = "bf16"


def serve(side: str, model: str, half_bandwidth: int, threads: int) -> None:
    """Answers each line of standard input, a number of tokens, with a sample."""
    contestant = dict(zip(SIDES, (Authors, Ours, OursOverBF16)))[side](
        model, half_bandwidth, threads)
    print(json.dumps({"program": contestant.program, "trained": contestant.trained}), flush=True)
    for line in sys.stdin:
        seconds = contestant.step(int(line))
        print(json.dumps({"seconds": seconds, "peak": peak_bytes()}), flush=True)


# ---- The measurement ------------------------------------------------------------------------


class Contestant:
    def __init__(self, side: str, half_bandwidth: int, arguments) -> None:
        threads = str(arguments.threads)
        environment = {**os.environ}
        if side == "authors":
            environment.update(OMP_NUM_THREADS=threads, MKL_NUM_THREADS=threads)
        self.side, self.half_bandwidth = side, half_bandwidth
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", side, "--out", str(arguments.out),
             "--geometry", arguments.geometry, "--threads", threads,
             "--half-bandwidth", str(half_bandwidth)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.about, self.samples = self.answer(), []

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.side}, d = {self.half_bandwidth}: ended without an answer")
        return json.loads(line)

    def sample(self, tokens: int) -> dict:
        self.process.stdin.write(f"{tokens}\n")
        self.process.stdin.flush()
        return self.answer()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def row(contestant: Contestant, tokens: int) -> dict:
    rates = [tokens / one["seconds"] for one in contestant.samples]
    return {
        "side": contestant.side, "d": contestant.half_bandwidth, **contestant.about,
        "rate": statistics.median(rates), "rates": rates,
        "peak": max(one["peak"] for one in contestant.samples)}


def table(rows: "list[dict]", arguments) -> str:
    lines = [
        f"{arguments.geometry}, {arguments.threads} threads, {arguments.tokens} tokens for each "
        f"step, medians (ranges) of {arguments.samples} samples in turns; load average at the "
        "end "
        f"{os.getloadavg()[0]:.1f}.", "",
        "| pattern | program | trained | tokens/s | by the authors' | peak MiB |",
        "|---|---|---|---|---|---|"]
    for one in rows:
        other = next(two for two in rows if two["side"] == "authors" and two["d"] == one["d"])
        pattern = f"banded d={one['d']}" if one["d"] else "plain"
        lines.append(
            f"| {pattern} | {one['side']} ({one['program']}) | {one['trained']} "
            f"| {one['rate']:.1f} ({min(one['rates']):.1f}–{max(one['rates']):.1f}) "
            f"| {one['rate'] / other['rate']:.2f} | {one['peak'] >> 20} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--geometry", default="135M", choices=random_model.GEOMETRIES)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--serve", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--half-bandwidth", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    model = arguments.out / arguments.geometry
    if arguments.serve:
        serve(arguments.serve, str(model), arguments.half_bandwidth, arguments.threads)
        return
    random_model.make(arguments.geometry, model)
    contestants = [
        Contestant(side, d, arguments) for d in HALF_BANDWIDTHS for side in SIDES]
    for contestant in contestants:  # no sample pays for what is prepared once
        contestant.sample(arguments.tokens)
    for _ in range(arguments.samples):
        for contestant in contestants:
            begin = time.perf_counter()
            contestant.samples.append(contestant.sample(arguments.tokens))
            print(f"{contestant.side}, d = {contestant.half_bandwidth}: "
                  f"{contestant.samples[-1]['seconds']:.3f} s "
                  f"({time.perf_counter() - begin:.1f} s in all)", file=sys.stderr, flush=True)
    rows = [row(contestant, arguments.tokens) for contestant in contestants]
    for contestant in contestants:
        contestant.close()
    (arguments.out / "authors.json").write_text(json.dumps(rows, indent=1))
    (arguments.out / "authors.md").write_text(table(rows, arguments))
    print(table(rows, arguments))


if __name__ == "__main__":
    main()
