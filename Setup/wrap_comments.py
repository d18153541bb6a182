#!/usr/bin/env python3
"""Wraps comment paragraphs that run past column 100, as `make format` needs it: swift-format
wraps code but leaves comments alone.

A paragraph is a run of comment lines with the same indentation and mark. Only paragraphs with a
line that is too long are touched; lists, indented examples and tables keep their lines."""

import re
import sys
import textwrap

WIDTH = 100
LINE = re.compile(r"^(\s*(?:///?|\*) )(\S.*)$")
OPENING = re.compile(r"^(\s*)/\* (\S.*)$")
LIST = re.compile(r"^([-*·|+]|\d+\.|[A-Z]+:)\s")


def paragraphs(lines):
    """Yields (first, last, prefix of the first line, prefix of the others, words)."""
    at = 0
    while at < len(lines):
        match = OPENING.match(lines[at])
        mark = LINE.match(lines[at])
        if match and "----" not in lines[at]:
            first, others = match.group(1) + "/* ", match.group(1) + "   "
            words, last = block(lines, at, match.group(2), others)
        elif mark:
            first = others = mark.group(1)
            words, last = run(lines, at, others)
            if LIST.match(words):
                others += "  "
        else:
            at += 1
            continue
        yield at, last, first, others, words
        at = last


def run(lines, first, prefix):
    """The words of the lines from `first` on that carry the same mark, up to a list entry."""
    words, at = [], first
    while at < len(lines):
        match = LINE.match(lines[at])
        if not match or match.group(1) != prefix or (at > first and LIST.match(match.group(2))):
            break
        words.append(match.group(2).strip())
        at += 1
    return " ".join(words), at


def block(lines, first, text, indent):
    """The words of a C comment that begins on its first line and goes on indented."""
    words, at = [text.strip()], first + 1
    while "*/" not in words[-1] and at < len(lines):
        line = lines[at]
        if not line.startswith(indent) or line[len(indent):len(indent) + 1] in ("", " ", "*"):
            break
        words.append(line.strip())
        at += 1
    return " ".join(words), at


def wrap(text):
    lines = text.split("\n")
    result, done = [], 0
    for first, last, prefix, hanging, words in paragraphs(lines):
        if all(len(line) <= WIDTH for line in lines[first:last]) or " */ " in words:
            continue
        result += lines[done:first]
        result += textwrap.wrap(
            words, WIDTH, initial_indent=prefix, subsequent_indent=hanging,
            break_long_words=False, break_on_hyphens=False)
        done = last
    return "\n".join(result + lines[done:])


def main(paths):
    for path in paths:
        with open(path, encoding="utf-8") as file:
            before = file.read()
        after = wrap(before)
        if after != before:
            with open(path, "w", encoding="utf-8") as file:
                file.write(after)


if __name__ == "__main__":
    main(sys.argv[1:])
