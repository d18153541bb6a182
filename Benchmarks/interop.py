"""Whether other programs read what this library writes, and the other way round.

    python Benchmarks/interop.py --stories STORIES --minilm MINILM --trec TREC --work FOLDER

Needs torch, transformers, peft, safetensors and llama-cpp-python beside numpy. Each line says
what was compared, the largest difference and the bound it was held to; the exit code is 1 where one
was missed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bindings" / "python"))
import svft  # noqa: E402

warnings.filterwarnings("ignore")
PROMPT = "Once upon a time, there was a little girl named Lily. She"
SENTENCES = [
    "That is a happy person",
    "That is a very happy person",
    "Where does the rain come from ?"]
failures: "list[str]" = []


def check(name: str, difference: float, bound: float) -> None:
    good = difference <= bound
    failures.extend([] if good else [name])
    print(f"{'ok  ' if good else 'FAIL'} {name}: {difference:.2e} (bound {bound:.0e})", flush=True)


def attempt(name: str, body, *arguments) -> None:
    """Runs one group of comparisons; an exception is a failure, and the others still run."""
    try:
        body(*arguments)
    except Exception as error:
        failures.append(name)
        print(f"FAIL {name}: {type(error).__name__}: {str(error)[:400]}", flush=True)
        traceback.print_exc(limit=4, file=sys.stderr)


def largest(a, b) -> float:
    return float(np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)).max())


def causal_logits(model, ids) -> np.ndarray:
    import torch

    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0].float().numpy()


def fresh(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    return path


def trained(model, work: Path, text: str, rate: float, **options):
    """An adapter after a few steps, so that its change is not zero."""
    data = work / "few.jsonl"
    data.write_text(text)
    adapter = model.create_adapter(targets="all-linear", **options)
    svft.Trainer(adapter, data, steps=8, batch_size=4, learning_rate=rate, max_seq_length=64).run()
    return adapter


STORY = "".join(json.dumps({"text": f"{name} went to the sea and saw a big red boat."}) + "\n"
                for name in ("Tom", "Lily", "Ben", "Sue", "Max", "Anna", "Tim", "Mia"))


def merged_causal(stories: Path, work: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    for name, dtype, bound in (("f32", torch.float32, 1e-4), ("f16", torch.float16, 2e-2),
                               ("bf16", torch.bfloat16, 1e-1)):
        path = fresh(work / f"stories-{name}")
        with svft.Model.load(stories, compute="f32") as model:
            adapter = trained(model, work, STORY, 1e-2, method="svft", pattern="banded", d=2)
            ids = model.tokenize(PROMPT)
            attached = model.logits(ids)
            report = model.save(path, format=name)
            adapter.close()
        with svft.Model.load(path, compute="f32") as saved:
            own = saved.logits(ids)
        # In F32 on both sides: what was written is compared, not torch's half products.
        other = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
        check(f"merged {name} folder in transformers", largest(own, causal_logits(other, ids)),
              1e-4)
        check(f"merged {name} folder against attached", largest(own, attached), bound)
        native = AutoModelForCausalLM.from_pretrained(path).eval()
        if native.dtype != dtype:
            check(f"config of the {name} folder says {native.dtype}", 1, 0)
        print(f"     drift reported {report['drift']['max']:.2e}")


def several_files(stories: Path, work: Path) -> None:
    """Shards in transformers, a split GGUF file in llama.cpp."""
    import torch
    import transformers
    from llama_cpp import Llama

    with svft.Model.load(stories, compute="f32") as model:
        ids = list(model.tokenize(PROMPT))
        ours = model.logits(ids)
        model.save(fresh(work / "shards"), max_shard_size="300KB")
        first = model.save(str(work / "split.gguf"), format="f32", max_shard_size="300KB")["path"]
    shards = transformers.AutoModelForCausalLM.from_pretrained(
        work / "shards", dtype=torch.float32)
    check("shards in transformers", largest(causal_logits(shards, ids), ours), 1e-4)
    split = Llama(first, n_ctx=64, logits_all=True, verbose=False)
    split.eval(ids)
    # llama.cpp keeps keys and values in F16.
    check("split GGUF in llama.cpp", largest(split.scores[:len(ids)], ours), 5e-2)


def merged_classes(minilm: Path, trec: Path, work: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    rows = [line.split(" ", 1) for line in (trec / "train.txt").read_text(
        encoding="utf-8", errors="replace").splitlines()[:64]]
    text = "".join(json.dumps({"text": q, "label": kind.split(":")[0]}) + "\n" for kind, q in rows)
    for name in ("f32", "f16", "bf16"):
        path = fresh(work / f"minilm-{name}")
        with svft.Model.load(minilm, compute="f32") as model:
            adapter = trained(model, work, text, 1e-2, method="svft")
            model.save(path, format=name)
            adapter.close()
        with svft.Model.load(path, compute="f32") as saved:
            own = saved.classify(SENTENCES)
        other = AutoModelForSequenceClassification.from_pretrained(path, dtype=torch.float32).eval()
        tokens = AutoTokenizer.from_pretrained(path)
        worst = 0.0
        for sentence, mine in zip(SENTENCES, own):
            with torch.no_grad():
                shares = other(**tokens(sentence, return_tensors="pt")).logits[0].softmax(-1)
            theirs = {other.config.id2label[k]: float(v) for k, v in enumerate(shares)}
            worst = max(worst, max(abs(theirs[k] - v) for k, v in mine.scores.items()))
        check(f"MiniLM + classes, {name} folder in transformers (probabilities)", worst, 1e-4)


def adapters(stories: Path, work: Path) -> None:
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM

    def base():
        return AutoModelForCausalLM.from_pretrained(stories, dtype=torch.float32)

    with svft.Model.load(stories, compute="f32") as model:
        ids = model.tokenize(PROMPT)
        plain = model.logits(ids)
        adapter = trained(model, work, STORY, 1e-2, method="lora", r=4, alpha=8)
        adapter.save(fresh(work / "lora"))
        ours = model.logits(ids)
    other = PeftModel.from_pretrained(base(), work / "lora").eval()
    check("our LoRA in PEFT", largest(ours, causal_logits(other, ids)), 1e-4)
    print(f"     it moves logits by {largest(ours, plain):.2f}")

    torch.manual_seed(0)
    kinds = {
        "LoRA": {}, "rsLoRA": {"use_rslora": True},
        "LoRA with patterns": {"rank_pattern": {"q_proj": 2}, "alpha_pattern": {"q_proj": 3}}}
    for name, extra in kinds.items():
        peft = get_peft_model(base(), LoraConfig(
            r=4, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"],
            task_type="CAUSAL_LM", **extra))
        for key, value in peft.named_parameters():
            if "lora_B" in key:
                torch.nn.init.normal_(value, std=0.05)
        path = fresh(work / "peft")
        peft.eval().save_pretrained(path)
        with svft.Model.load(stories, compute="f32") as model:
            adapter = model.load_adapter(path)
            check(f"PEFT's {name} here", largest(model.logits(ids), causal_logits(peft, ids)), 1e-4)
            adapter.close()

    with svft.Model.load(stories, compute="f32") as model:
        adapter = trained(model, work, STORY, 2e-2, method="svft", pattern="banded", d=2)
        ours = model.logits(ids)
        for rank, bound in ((64, 1e-3), (8, None)):
            report = adapter.export(fresh(work / "exported"), to="peft", rank=rank)
            theirs = causal_logits(PeftModel.from_pretrained(base(), work / "exported").eval(), ids)
            moved = largest(ours, plain)
            # ‖ΔW‖ left out, as a share, bounds the logits' change to first order; 4: curvature.
            limit = bound or 4 * moved * report["left_out"] ** 0.5
            check(f"SVFT as LoRA of rank {rank} in PEFT, {report['left_out']:.1e} left out",
                  largest(ours, theirs), limit)
    sums(base, stories, work, ids)


def sums(base, stories: Path, work: Path, ids) -> None:
    """Two LoRAs added up, here and by PEFT's own concatenation."""
    from peft import PeftModel

    with svft.Model.load(stories, compute="f32") as model:
        for name, rate in (("one", 1e-2), ("two", 2e-2)):
            adapter = trained(model, work, STORY, rate, method="lora", r=4, alpha=8)
            adapter.save(fresh(work / name))
            adapter.close()
        terms = [model.load_adapter(work / "one", 0.75), model.load_adapter(work / "two", 0.5)]
        total, report = svft.Adapter.sum(terms)
        for adapter in terms:
            adapter.close()
        ours = model.logits(ids)
        total.save(fresh(work / "sum"))
        check("sum of two LoRAs: energy left out", report["left_out"], 0)
    peft = PeftModel.from_pretrained(base(), work / "one", adapter_name="one")
    peft.load_adapter(work / "two", "two")
    peft.add_weighted_adapter(["one", "two"], [0.75, 0.5], "both", combination_type="cat")
    peft.set_adapter("both")
    check("sum of two LoRAs against PEFT's", largest(ours, causal_logits(peft.eval(), ids)), 1e-4)
    other = PeftModel.from_pretrained(base(), work / "sum").eval()
    check("our sum of two LoRAs in PEFT", largest(ours, causal_logits(other, ids)), 1e-4)


def llama_cpp(stories: Path, minilm: Path, work: Path) -> None:
    import llama_cpp
    from llama_cpp import Llama

    def greedy(path: Path, prompt_ids, count: int, **options):
        """Greedy ids and the logits of the prompt's last position."""
        other = Llama(str(path), n_ctx=512, n_threads=2, verbose=False, logits_all=True, **options)
        other.eval(prompt_ids)
        first, ids = np.array(other.scores[len(prompt_ids) - 1]), []
        for _ in range(count):
            ids.append(int(np.argmax(other.scores[other.n_tokens - 1])))
            other.eval(ids[-1:])
        words = other.tokenize(PROMPT.encode(), add_bos=True)
        other.close()
        return first, ids, words

    def compare(name: str, path: Path, bound: float, **options) -> None:
        with svft.Model.load(path, compute="f32") as own:
            ids = own.tokenize(PROMPT)
            mine = own.logits(ids)[-1]
            steps: "list[int]" = []
            own.generate(PROMPT, max_tokens=32, temperature=0, ignores_end=True,
                         on_token=lambda index, token, text: steps.append(token))
        last, theirs, words = greedy(path, ids, 32, **options)
        check(f"{name} in llama.cpp: ids of the prompt", float(words != ids), 0)
        check(f"{name} in llama.cpp: logits", largest(mine, last), bound)
        same = next((k for k, pair in enumerate(zip(steps, theirs)) if pair[0] != pair[1]), 32)
        # llama.cpp rounds activations of its quantised products to 8 bits: near
        # ties may fall otherwise.
        check(f"{name} in llama.cpp: greedy tokens that differ, of 32", 32 - same,
              0 if bound < 1e-1 else 32)

    for kind, bound in (("f32", 2e-2), ("f16", 5e-2), ("q8_0", 3e-1), ("q4_0", 1.0)):
        path = work / f"stories-{kind}.gguf"
        with svft.Model.load(stories, compute="f32") as model:
            model.save(path, format=kind)
        attempt(f"GGUF {kind}", compare, f"stories {kind}", path, bound)

    def encoder(kind: str, bound: float) -> None:
        path = work / f"minilm-{kind}.gguf"
        with svft.Model.load(minilm, compute="f32") as model:
            model.save(path, format=kind)
        with svft.Model.load(path, compute="f32") as model:
            mine = model.embed(SENTENCES)
        other = Llama(str(path), embedding=True, n_ctx=512, n_threads=2, verbose=False)
        theirs = np.array([other.embed(s, normalize=True) for s in SENTENCES])
        other.close()
        check(f"MiniLM {kind} in llama.cpp: 1 - cosine",
              float((1 - (mine * theirs).sum(1)).max()), bound)

    for kind, bound in (("f32", 1e-4), ("f16", 1e-4), ("q8_0", 1e-3), ("q4_0", 5e-3)):
        attempt(f"MiniLM GGUF {kind}", encoder, kind, bound)

    def lora() -> None:
        with svft.Model.load(stories, compute="f32") as model:
            adapter = trained(model, work, STORY, 1e-2, method="lora", r=4, alpha=8)
            ids, path = model.tokenize(PROMPT), work / "lora.gguf"
            adapter.export(path, to="gguf-lora", rank=4)
            mine = model.logits(ids)[-1]
        last, _, _ = greedy(work / "stories-f32.gguf", ids, 1, lora_path=str(path))
        check("GGUF LoRA in llama.cpp: logits", largest(mine, last), 2e-2)
        with svft.Model.load(stories, compute="f32") as model:
            _, report = model.import_adapter(path, method="lora", r=4)
            check("GGUF LoRA imported: energy left out", report["left_out"], 1e-6)
            check("GGUF LoRA imported: logits", largest(mine, model.logits(ids)[-1]), 1e-4)

    def spectral() -> None:
        with svft.Model.load(stories, compute="f32") as model:
            adapter = trained(model, work, STORY, 2e-2, method="svft", pattern="banded", d=2)
            ids, path = model.tokenize(PROMPT), work / "svft.gguf"
            report = adapter.export(path, to="gguf-lora")
            mine = model.logits(ids)[-1]
        last, _, _ = greedy(work / "stories-f32.gguf", ids, 1, lora_path=str(path))
        check(f"SVFT as GGUF LoRA of rank {report['rank']} in llama.cpp: logits",
              largest(mine, last), 2e-2)

    attempt("GGUF LoRA", lora)
    attempt("SVFT as GGUF LoRA", spectral)
    print(f"     llama-cpp-python {llama_cpp.__version__}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("stories", "minilm", "trec", "work"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    a = parser.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    attempt("merged causal", merged_causal, a.stories, a.work)
    attempt("several files", several_files, a.stories, a.work)
    attempt("adapters", adapters, a.stories, a.work)
    attempt("merged classes", merged_classes, a.minilm, a.trec, a.work)
    attempt("llama.cpp", llama_cpp, a.stories, a.minilm, a.work)
    print(f"{len(failures)} missed" + "".join(f"\n  {name}" for name in failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
