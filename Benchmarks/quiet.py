"""Whether other processes worked during a measurement, and measuring again where they did."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Callable

TICKS = os.sysconf("SC_CLK_TCK")
DISTURBED = 0.05
ATTEMPTS = 4


def busy() -> float:
    """Processor seconds that the whole machine has worked."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:7])) / TICKS


def used(process: int) -> float:
    """Processor seconds that one process has worked."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def used_by_children() -> float:
    """Processor seconds of all processes that this one has started and that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def undisturbed(sample: Callable[[], dict], own: Callable[[], float]) -> dict:
    """The first of four samples while others used at most 5 % of a processor, else the one that
    they disturbed least; "others" is how much that was. `own` says what the sample itself uses.
    """
    best = None
    for _ in range(ATTEMPTS):
        machine, mine, begin = busy(), own(), time.monotonic()
        answer = sample()
        mine = own() - mine
        answer["others"] = max(0, busy() - machine - mine) / (time.monotonic() - begin)
        if best is None or answer["others"] < best["others"]:
            best = answer
        if best["others"] <= DISTURBED:
            break
    return best
