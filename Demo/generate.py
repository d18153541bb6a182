"""Continues a prompt through the Python door, greedily.

    PYTHONPATH=bindings/python python3 Demo/generate.py MODEL PROMPT

The demo compares its output with the other doors."""

import sys

import svft


def main(path, prompt):
    with svft.Model.load(path) as model:
        print(model.generate(prompt, temperature=0, max_tokens=60))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
