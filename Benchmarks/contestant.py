"""One program with one model in one process: takes orders on standard input, answers with figures.

    python Benchmarks/contestant.py libsvft|llama.cpp|transformers|peft|torch MODEL FORMAT THREADS

An order is a JSON line {"work": "prefill" | "decode" | "lora" | "full", "tokens": N, "context": N};
the answer a line {"rate": tokens per second, "seconds": ..., "peak": bytes}. Each kind of work is
done once before the first sample, so that no sample pays for preparation. With a fifth argument,
"start", it answers once, for everything from the import of the program to a first token after a
prompt of eight. Started by speed.py.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np


def peak_bytes(process: "int | str" = "self") -> int:
    """The largest resident size so far, from the system."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


class LibSVFT:
    def __init__(self, model: str, form: str, threads: int) -> None:
        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
        import svft

        self.model = svft.Model.load(model, quantize=form, threads=threads)

    def seconds(self, work: str, tokens: int, context: int) -> float:
        if work in ("lora", "full"):
            adapter = {"adapter": {"method": "full"}} if work == "full" else {}
            # `bench` leaves out a trainer's first step itself, as peers' warm-up is; a sample is
            # the median of the next three.
            options = {"prompt": tokens, "decode": 1, "train": 3, "repeats": 1, **adapter}
            return self.model.bench(**options)["train"]["seconds"]
        if work == "prefill":
            options = {"prompt": tokens, "decode": 1, "repeats": 1}
        else:
            options = {"prompt": context, "decode": tokens, "repeats": 1}
        return self.model.bench(**options)[work]["seconds"]

    def first_token(self) -> None:
        self.model.generate(tokens=list(range(300, 308)), max_tokens=1, temperature=0)


class LlamaCpp:
    def __init__(self, model: str, form: str, threads: int) -> None:
        from llama_cpp import Llama

        self.model = Llama(
            model, n_ctx=2048, n_batch=512, n_threads=threads, n_threads_batch=threads,
            verbose=False, logits_all=False)
        self.random = np.random.default_rng(0)

    def evaluate(self, count: int) -> None:
        self.model.eval(self.random.integers(300, 40000, count).tolist())

    def seconds(self, work: str, tokens: int, context: int) -> float:
        self.model.reset()
        if work == "decode":
            self.evaluate(context)
        begin = time.perf_counter()
        for _ in range(tokens if work == "decode" else 1):
            self.evaluate(1 if work == "decode" else tokens)
        return time.perf_counter() - begin

    def first_token(self) -> None:
        next(self.model.generate(list(range(300, 308)), temp=0))


class Transformers:
    def __init__(self, model: str, form: str, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(threads)
        kind = torch.float32 if form == "f32" else torch.bfloat16
        self.torch = torch
        self.model = AutoModelForCausalLM.from_pretrained(model, dtype=kind).eval()

    def ids(self, count: int):
        return self.torch.randint(300, 40000, (1, count))

    def first_token(self) -> None:
        self.model.generate(self.ids(8), max_new_tokens=1, do_sample=False)

    def seconds(self, work: str, tokens: int, context: int) -> float:
        with self.torch.inference_mode():
            if work == "prefill":
                ids = self.ids(tokens)
                begin = time.perf_counter()
                self.model(ids, logits_to_keep=1)
                return time.perf_counter() - begin
            past = self.model(self.ids(context), use_cache=True, logits_to_keep=1).past_key_values
            begin = time.perf_counter()
            for _ in range(tokens):
                past = self.model(
                    self.ids(1), past_key_values=past, use_cache=True).past_key_values
            return time.perf_counter() - begin


class Torch(Transformers):
    """Full fine-tuning."""

    def __init__(self, model: str, form: str, threads: int) -> None:
        super().__init__(model, form, threads)
        self.adapt()
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = self.torch.optim.AdamW(trained, lr=1e-4)

    def adapt(self) -> None:
        pass

    def seconds(self, work: str, tokens: int, context: int) -> float:
        ids = self.ids(tokens)
        self.model.train()
        begin = time.perf_counter()
        self.model(ids, labels=ids).loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return time.perf_counter() - begin


class Peft(Torch):
    """LoRA r=8 on every linear layer of the body, as svft's bench trains it."""

    def adapt(self) -> None:
        from peft import LoraConfig, get_peft_model

        self.model = get_peft_model(
            self.model, LoraConfig(r=8, lora_alpha=16, target_modules="all-linear"))


CONTESTANTS = {
    "libsvft": LibSVFT, "llama.cpp": LlamaCpp, "transformers": Transformers, "peft": Peft,
    "torch": Torch}


def main() -> None:
    name, model, form, threads = sys.argv[1:5]
    os.environ.setdefault("OMP_NUM_THREADS", threads)
    if sys.argv[5:] == ["start"]:
        begin = time.perf_counter()
        CONTESTANTS[name](model, form, int(threads)).first_token()
        seconds = time.perf_counter() - begin
        print(json.dumps({"rate": 1 / seconds, "seconds": seconds, "peak": peak_bytes()}))
        return
    contestant, known = CONTESTANTS[name](model, form, int(threads)), set()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        work, tokens, context = order["work"], order["tokens"], order.get("context", 0)
        if work not in known:
            contestant.seconds(work, tokens, context)
            known.add(work)
        seconds = contestant.seconds(work, tokens, context)
        print(json.dumps({
            "rate": tokens / seconds, "seconds": seconds, "peak": peak_bytes()}), flush=True)


if __name__ == "__main__":
    main()
