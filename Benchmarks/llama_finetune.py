"""llama.cpp's own trainer, llama-finetune, as a contestant that can be asked for single steps.

    python Benchmarks/llama_finetune.py MODEL_F32_GGUF [--tokens 512] [--threads 2] [--steps 3]

One step is what the others train too: one sequence, one update by AdamW. Two things differ. The
program leaves the embeddings as they are, and with them a head that is tied to them, so it neither
computes nor applies their gradient: that spares it some 7 % of the arithmetic of a step at 135M.
And it multiplies in F32 alone, where libsvft over a BF16 model does in BF16. setup.sh builds it on
request; speed.py starts it.
"""

from __future__ import annotations

import argparse
import atexit
import functools
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from contestant import peak_bytes  # noqa: E402

PROGRAM = Path(sys.executable).with_name("llama-finetune")
# Sequences begin every half context in the text; a run reads it again and again.
SEQUENCES = 8
EPOCHS = 1000


@functools.cache
def built() -> bool:
    """Whether the program is there; says once, with its version, that it is or is not."""
    if not PROGRAM.exists():
        print("llama-finetune is left out: Benchmarks/setup.sh builds it with --finetune.",
              file=sys.stderr)
        return False
    version = subprocess.run(
        [PROGRAM, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    print(f"llama-finetune: {' '.join(version.split())}", file=sys.stderr)
    return True


def write_text(path: Path, tokens: int) -> Path:
    """Random words. Each letter is at most one token, and in a vocabulary that has merges it takes
    some five letters to make one: eight for each is enough."""
    source = random.Random(0)
    words = (
        "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(2, 9)))
        for _ in range((SEQUENCES + 4) * tokens // 2))
    path.write_text(" ".join(words))
    return path


class Run:
    """A run of the program that is stopped after every step until the next one is wanted.

    The program reports each step when it is done, but its clock has whole seconds. So the reports
    themselves are timed here, from one to the next: loading is before the first, and the first two
    steps, which find memory that the system has to clear still, are nobody's sample.
    """

    def __init__(self, model: Path, tokens: int, threads: int) -> None:
        text = write_text(model.with_suffix(".txt"), tokens)
        length, count = str(tokens), str(threads)
        # All sequences are trained on, none held back to validate. The warm-up stays on: only the
        # pass it makes tells ggml the number of threads, which training then keeps.
        self.process = subprocess.Popen(
            [PROGRAM, "--model", model, "--file", text, "-c", length, "-b", length, "-ub", length,
             "-t", count, "-tb", count, "--optimizer", "adamw", "-lr", "1e-4",
             "--val-split", "0", "--epochs", str(EPOCHS), "-o", model.with_suffix(".trained")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        atexit.register(self.close)
        self.tokens, self.unread = tokens, b""
        for _ in range(2):
            self.report()
        self.process.send_signal(signal.SIGSTOP)

    def report(self) -> None:
        """Waits for the report of a step; each ends with a carriage return."""
        while b"\r" not in self.unread:
            piece = os.read(self.process.stderr.fileno(), 1 << 16)
            if not piece:
                raise RuntimeError(f"llama-finetune ended: {self.unread[-2000:].decode()}")
            self.unread += piece
        line, self.unread = self.unread.split(b"\r", 1)
        self.loss = float(re.search(rb"train: .*loss=(\S+?)\xc2\xb1", line).group(1))

    def step(self) -> dict:
        begin = time.perf_counter()
        self.process.send_signal(signal.SIGCONT)
        self.report()
        seconds = time.perf_counter() - begin
        self.process.send_signal(signal.SIGSTOP)
        return {"rate": self.tokens / seconds, "seconds": seconds,
                "peak": peak_bytes(self.process.pid)}

    def close(self) -> None:
        """Ends the run where it stands: what it trained is of no use."""
        self.process.kill()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    arguments = parser.parse_args()
    if not built():
        sys.exit(1)
    run = Run(arguments.model, arguments.tokens, arguments.threads)
    for _ in range(arguments.steps):
        step = run.step()
        print(f"{step['seconds']:.3f} s, {step['rate']:.1f} tok/s, loss {run.loss:.4f}, "
              f"{step['peak'] >> 20} MiB", flush=True)


if __name__ == "__main__":
    main()
