"""The programs that speed.py lets take turns, each in its own process, and their kinds of work.

A contestant answers orders (contestant.py); a starter, of this library in Python, of a peer, or in
C (start.c), is started anew for every sample; llama.cpp's trainer is a program by itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import llama_finetune
from quiet import undisturbed, used, used_by_children

HERE = Path(__file__).resolve().parent
FORMATS = ("bf16", "q8_0", "q4_0", "q4_k_m")
# work: tokens of a sample, context before it, formats
WORK = {
    "prefill": (512, 0, FORMATS), "decode": (32, 64, FORMATS), "start": (1, 0, FORMATS),
    "lora": (512, 0, FORMATS), "full": (512, 0, ("bf16", "f32"))}


class Contestant:
    """One program with its model, in its own process."""

    def __init__(self, name: str, model: Path, form: str, threads: int) -> None:
        self.name, self.model, self.form, self.samples = name, model, form, []
        self.command = [
            sys.executable, HERE / "contestant.py", name, model, form, str(threads)]
        self.open()

    def open(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():
            raise RuntimeError(f"{self.name} did not start")

    def used(self) -> float:
        """Processor seconds of this contestant."""
        return used(self.process.pid)

    def answer(self, work: str) -> dict:
        tokens, context, _ = WORK[work]
        self.process.stdin.write(
            json.dumps({"work": work, "tokens": tokens, "context": context}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def sample(self, work: str) -> None:
        """One undisturbed sample, or the least disturbed of four."""
        self.samples.append(undisturbed(lambda: self.answer(work), self.used))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)


class Starter(Contestant):
    """A program that is started anew for every sample; the first fills the page cache."""

    def open(self) -> None:
        self.answer("start")

    def used(self) -> float:
        return used_by_children()

    def answer(self, work: str) -> dict:
        # An installed package has its bytecode, whatever this environment says of writing it.
        settings = {**os.environ, "PYTHONPYCACHEPREFIX": str(self.model.parent / "bytecode")}
        settings.pop("PYTHONDONTWRITEBYTECODE", None)
        return json.loads(subprocess.run(
            [*self.command, "start"], check=True, capture_output=True, text=True,
            env=settings).stdout)

    def close(self) -> None:
        pass


class HostInC(Starter):
    """libsvft in a program of C: the whole process, from its start to its end."""

    def __init__(self, model: Path, form: str, threads: int) -> None:
        self.name, self.form, self.samples = "libsvft in C", form, []
        build, program = HERE.parent / "build", model.parent / "start"
        subprocess.run(
            ["cc", "-O2", f"-I{HERE.parent / 'include'}", "-o", program, HERE / "start.c",
             f"-L{build / 'lib'}", "-lsvft", f"-Wl,-rpath,{build / 'lib'}"], check=True)
        self.command = [program, model, str(threads)]
        self.open()

    def answer(self, work: str) -> dict:
        begin = time.perf_counter()
        printed = subprocess.run(self.command, stdout=subprocess.PIPE, check=True).stdout
        seconds = time.perf_counter() - begin
        return {"rate": 1 / seconds, "seconds": seconds, "peak": int(printed) * 1024}


class Finetune(Contestant):
    """llama.cpp's trainer: the program itself is the process, and stands still between samples."""

    def __init__(self, model: Path, threads: int) -> None:
        self.name, self.form, self.samples = "llama-finetune", "f32", []
        self.run = llama_finetune.Run(model, WORK["full"][0], threads)

    def used(self) -> float:
        return used(self.run.process.pid)

    def answer(self, work: str) -> dict:
        return self.run.step()

    def close(self) -> None:
        self.run.close()
