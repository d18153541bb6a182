#!/usr/bin/env python3
"""Says how many words of a text are words of the demo's corpus; fails below 90 percent.

    known_words.py < TEXT

The last word may be cut off by the end of the sample and does not count."""

import re
import sys

from corpus import files

WORD = re.compile(r"[a-z]+")


def words(text):
    return WORD.findall(text.lower())


def main():
    known = {word for _, written in files() for text in written for word in words(text)}
    sample = words(sys.stdin.read())[:-1]
    share = sum(word in known for word in sample) / max(1, len(sample))
    print(f"{share:.1%} of {len(sample)} words are words of the corpus")
    sys.exit(0 if share >= 0.9 else 1)


if __name__ == "__main__":
    main()
