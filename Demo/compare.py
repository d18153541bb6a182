#!/usr/bin/env python3
"""Compares held-out losses before and after fine-tuning, and of the merged file; fails unless the
loss fell by a quarter and merging into Q8_0 kept that.

    compare.py BEFORE.json AFTER.json MERGED.json   (each written by svft eval --json)"""

import json
import pathlib
import sys

FALL = 0.25


def main(paths):
    before, after, merged = (json.loads(pathlib.Path(path).read_text())["loss"] for path in paths)
    for name, loss in [("base", before), ("with adapter", after), ("merged, Q8_0", merged)]:
        print(f"{name:13} {loss:.4f}  {loss / before - 1:+.1%}")
    if not max(after, merged) <= (1 - FALL) * before:
        sys.exit(f"demo: expected the held-out loss to fall by {FALL:.0%}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1:])
