"""The LoRA of quality.py's TREC table in Hugging Face PEFT: same records, same options.

    python Benchmarks/quality_peft.py --model MINILM --out FOLDER [--seeds 0 1 2] [--threads 2]

FOLDER is the one of `quality.py trec`: its records, its learning rate for LoRA r=8 and, for the
comparison, its runs over the F32 base. Needs torch, transformers and peft. Both sides: AdamW, no
decay, linear schedule with a tenth of warm-up, gradient norm cut at 1, dropout of the head 0.1,
classifier and pooler trained at their own rate. PEFT's runs are kept in FOLDER/peft.jsonl.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from pathlib import Path

METHOD, HEAD_RATE, EPOCHS, BATCH, LENGTH = "LoRA r=8", 1e-3, 1, 16, 64


def read(path: Path) -> list:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def build(folder: Path, classes: list, seed: int):
    """The base with a fresh class head and LoRA on every linear layer of the encoder."""
    import torch
    from peft import LoraConfig, TaskType, get_peft_model
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(seed)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(classes))
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=8, lora_alpha=16, modules_to_save=["classifier", "pooler"],
        target_modules=r".*encoder\.layer\.\d+\..*(query|key|value|dense)")
    return get_peft_model(model, config)


def groups(model, rate: float) -> list:
    """Two groups as on our side: the adapter at its rate, the head at its own."""
    head, adapter = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            (head if "modules_to_save" in name else adapter).append(parameter)
    return [{"params": adapter, "lr": rate}, {"params": head, "lr": HEAD_RATE}]


def accuracy(model, tokenizer, records: list, classes: list) -> float:
    import torch

    model.eval()
    right = 0
    with torch.no_grad():
        for begin in range(0, len(records), 64):
            part = records[begin: begin + 64]
            inputs = tokenizer(
                [record["text"] for record in part], padding=True, truncation=True,
                max_length=LENGTH, return_tensors="pt")
            best = model(**inputs).logits.argmax(-1).tolist()
            right += sum(classes[index] == record["label"] for index, record in zip(best, part))
    return right / len(records)


def train(folder: Path, out: Path, rate: float, seed: int) -> dict:
    """One run: the records in an order drawn by the seed, then the test set once."""
    import torch
    from transformers import AutoTokenizer, get_linear_schedule_with_warmup

    records = read(out / "train.jsonl")
    classes = sorted({record["label"] for record in records})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = build(folder, classes, seed)
    optimizer = torch.optim.AdamW(groups(model, rate), weight_decay=0.0)
    steps = -(-len(records) // BATCH) * EPOCHS
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.1 * steps), steps)
    order, begin, tokens = random.Random(seed), time.monotonic(), 0
    model.train()
    for _ in range(EPOCHS):
        order.shuffle(records)
        for first in range(0, len(records), BATCH):
            part = records[first: first + BATCH]
            inputs = tokenizer(
                [record["text"] for record in part], padding=True, truncation=True,
                max_length=LENGTH, return_tensors="pt")
            labels = torch.tensor([classes.index(record["label"]) for record in part])
            model(**inputs, labels=labels).loss.backward()
            torch.nn.utils.clip_grad_norm_(
                [p for group in optimizer.param_groups for p in group["params"]], 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            tokens += int(inputs["attention_mask"].sum())
    seconds = time.monotonic() - begin
    score = accuracy(model, tokenizer, read(out / "test.jsonl"), classes)
    return {"seed": seed, "rate": rate, "score": score, "seconds": seconds, "tokens": tokens}


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="the folder of quality.py trec")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    ours = [run for run in read(arguments.out / "runs.jsonl")
            if run["key"].startswith(f"final/f32/{METHOD}/")]
    if not ours:
        raise SystemExit(f"{arguments.out}: expected runs of {METHOD} over f32, found none")
    done = read(arguments.out / "peft.jsonl")
    for seed in arguments.seeds:
        if any(run["seed"] == seed and run["rate"] == ours[0]["rate"] for run in done):
            continue
        done.append(train(arguments.model, arguments.out, ours[0]["rate"], seed))
        with (arguments.out / "peft.jsonl").open("a") as file:
            file.write(json.dumps(done[-1]) + "\n")
    for name, runs in (("libsvft", ours), ("PEFT", done)):
        scores = [run["score"] for run in runs]
        spread = statistics.stdev(scores) if len(scores) > 1 else float("nan")
        print(f"{name}: accuracy {statistics.mean(scores):.4f} ± {spread:.4f} over {len(scores)} "
              f"runs, median {statistics.median(run['seconds'] for run in runs):.0f} s")


if __name__ == "__main__":
    main()
