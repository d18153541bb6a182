#!/usr/bin/env python3
"""Writes the texts of the demo: stories (the base domain) and reports (the new domain).

    corpus.py FOLDER        stories-train, stories-valid, reports-train, reports-valid (.jsonl)
    corpus.py --check       compares the committed reports in Demo/data with newly written ones

Each record is {"text": …}. Only the reports are committed; the stories are needed to train the
tiny model again and are the same on every machine. Needs Python alone."""

import json
import pathlib
import sys

from grammar import Grammar
from reports import report
from stories import ENDINGS, KIN, PEOPLE, PLOTS, PRONOUNS, RULES

SEED = 20
STORIES = 1250
REPORTS = 320
HELD_OUT = 60
DATA = pathlib.Path(__file__).parent / "data"
# What one story settles once and keeps.
SETTLED = ["thing", "animal", "boat", "boat_name", "trade", "skill", "fish", "home", "far"]


def story(grammar):
    """One story: a plot, its people, and one sentence for each beat."""
    name, gender = grammar.choose(PEOPLE)
    other, other_gender = grammar.choose([person for person in PEOPLE if person[0] != name])
    facts = dict(PRONOUNS[gender], name=name, kin_name=other, kin=grammar.choose(KIN[other_gender]))
    facts.update((slot, grammar.choose(RULES[slot])) for slot in SETTLED)
    beats = grammar.choose(PLOTS) + [ENDINGS]
    return grammar.tell([grammar.choose(beat) for beat in beats], facts)


def texts(write, seed, count):
    grammar = Grammar(RULES, seed)
    return [write(grammar) for _ in range(count)]


def files():
    """Every file's name and lines; what is held out never stands in the training part."""
    for name, write, count in [("stories", story, STORIES), ("reports", report, REPORTS)]:
        train = texts(write, SEED, count)
        seen = set(train)
        valid = [text for text in texts(write, SEED + 1, HELD_OUT) if text not in seen]
        yield f"{name}-train.jsonl", train
        yield f"{name}-valid.jsonl", valid


def lines(written):
    return "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in written)


def main(arguments):
    if arguments == ["--check"]:
        wrong = [name for name, written in files() if name.startswith("reports")
                 and (DATA / name).read_text(encoding="utf-8") != lines(written)]
        sys.exit(f"corpus: {', '.join(wrong)} differ from what corpus.py writes" if wrong else 0)
    if len(arguments) != 1:
        sys.exit(__doc__)
    folder = pathlib.Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name, written in files():
        (folder / name).write_text(lines(written), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
