"""Writes the table of scripts of Sources/SVFTText/PreTokenizers/ScriptTable.swift.

Run:  pip install fonttools && python3 Tests/Fixtures/make_scripts.py

A word of the table is a run of characters of one script: how many have none before it (nothing: 0),
how many it has (nothing: 1), and the number of its script, apart by dots, in base 36. As the stage
wants them, Hiragana and Katakana count as Han, and the blank has no script.
"""

import pathlib

from fontTools.unicodedata import Scripts

TARGET = (pathlib.Path(__file__).parent.parent.parent
          / "Sources/SVFTText/PreTokenizers/ScriptTable.swift")
HEAD = """\
// Which script a character is written in (Unicode's Scripts.txt, UAX #24), as the stage of that
// name wants it: Hiragana and Katakana count as Han, the blank has none. Written by
// Tests/Fixtures/make_scripts.py.
//
// A word is a run: characters without a script before it (nothing: 0), characters of it (nothing:
// 1), the number of the script, apart by dots, in base 36.

/// The table in words.
enum ScriptTable {
  static let words = \"\"\"
"""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(number):
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits


def runs():
    """(first, end, script) of all that have one, neighbours of one script together."""
    ends = [*Scripts.RANGES[1:], 0x110000]
    found = []
    for first, end, script in zip(Scripts.RANGES, ends, Scripts.VALUES):
        for start, stop, name in split(first, end, script):
            if found and found[-1][1:] == (start, name):
                found[-1] = (found[-1][0], stop, name)
            else:
                found.append((start, stop, name))
    return [(first, end, name) for (first, end, name) in merged(found)]


def split(first, end, script):
    name = {"Hira": "Hani", "Kana": "Hani"}.get(script, script)
    start = first
    for odd, other in [(0x20, None), (0x30FC, "Hani")]:
        if start <= odd < end:
            yield from [(start, odd, name)] if start < odd and name != "Zzzz" else []
            yield from [(odd, odd + 1, other)] if other else []
            start = odd + 1
    if start < end and name != "Zzzz":
        yield start, end, name


def merged(parts):
    result = []
    for first, end, name in parts:
        if result and result[-1][1] == first and result[-1][2] == name:
            result[-1] = (result[-1][0], end, name)
        else:
            result.append((first, end, name))
    return result


def main():
    names, words, place = [], [], 0
    for first, end, name in runs():
        if name not in names:
            names.append(name)
        gap = base36(first - place) if first > place else ""
        count = base36(end - first) if end - first > 1 else ""
        words.append(f"{gap}.{count}.{base36(names.index(name))}")
        place = end
    lines, line = [], "   "
    for word in words:
        if len(line) + 1 + len(word) > 98:
            lines.append(line)
            line = "   "
        line += " " + word
    TARGET.write_text(HEAD + "\n".join([*lines, line]) + '\n    """\n}\n')


if __name__ == "__main__":
    main()
