#!/usr/bin/env python3
"""Wraps comment paragraphs that run past column 100, as `make format` needs it: swift-format wraps
code but leaves comments alone.

A paragraph is a run of comment lines with the same indentation and mark. Only paragraphs with a line
that is too long are touched; lists, indented examples and tables keep their lines."""

import re
import sys
import textwrap

WIDTH = 100
LINE = re.compile(r"^(\s*(?:///?|\*) )(\S.*)$")
LIST = re.compile(r"^([-*·|+]|\d+\.|[A-Z]+:)\s")


def paragraphs(lines):
    """Yields (first, last, prefix) of each run of plain comment lines with one prefix."""
    first = 0
    while first < len(lines):
        prefix = comment_prefix(lines, first)
        last = first + 1
        if prefix is not None:
            while last < len(lines) and comment_prefix(lines, last) == prefix:
                if LIST.match(LINE.match(lines[last]).group(2)):
                    break
                last += 1
            yield first, last, prefix
        first = last


def comment_prefix(lines, index):
    """The indentation and mark of a comment line, or None for anything else."""
    match = LINE.match(lines[index])
    return match.group(1) if match else None


def wrap(text):
    lines = text.split("\n")
    result, done = [], 0
    for first, last, prefix in paragraphs(lines):
        if all(len(line) <= WIDTH for line in lines[first:last]):
            continue
        words = " ".join(LINE.match(line).group(2).strip() for line in lines[first:last])
        hanging = prefix + ("  " if LIST.match(words) else "")
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
