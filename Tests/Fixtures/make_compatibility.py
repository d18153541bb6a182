"""Writes the table of compatibility decompositions that NFKC and NFKD need.

Run:  python3 Tests/Fixtures/make_compatibility.py

Output: Sources/SVFTText/Normalizers/CompatibilityTable.swift. A word of the table is a stretch of
characters: how far it begins behind the last, "*" and how many they are (one without), "=" and what
they become, further ones each one further. Numbers are of base 36; characters apart by ".".
"""

import pathlib
import textwrap
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE.parent.parent / "Sources/SVFTText/Normalizers/CompatibilityTable.swift"
HEAD = """\
// What characters mean that Unicode keeps for compatibility alone: wide and small letters,
// ligatures, letters in circles (Unicode {version}, full decompositions, UAX #15). Written by
// Tests/Fixtures/make_compatibility.py.
//
// A word is a stretch of characters: how far it begins behind the last, "*" and how many they are,
// "=" and what they become, each further one a character further. Numbers are of base 36.

/// The table in words.
enum CompatibilityTable {{
  static let words = \"\"\"
"""


def base36(number):
    digits = ""
    while number or not digits:
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36] + digits
        number //= 36
    return digits


def main():
    runs = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or 0xAC00 <= code < 0xD7A4:
            continue
        form = unicodedata.normalize("NFKD", chr(code))
        if form == unicodedata.normalize("NFD", chr(code)):
            continue
        codes = [ord(c) for c in form]
        if runs and len(codes) == 1 == len(runs[-1][2]):
            start, count, first = runs[-1]
            if start + count == code and first[0] + count == codes[0]:
                runs[-1] = (start, count + 1, first)
                continue
        runs.append((code, 1, codes))
    words, last = [], 0
    for start, count, codes in runs:
        many = "*" + base36(count) if count > 1 else ""
        words.append(base36(start - last) + many + "=" + ".".join(map(base36, codes)))
        last = start + count
    lines = textwrap.wrap(" ".join(words), 95)
    text = HEAD.format(version=unicodedata.unidata_version)
    text += "".join("    " + line + "\n" for line in lines) + '    """\n}\n'
    TARGET.write_text(text)
    print(len(runs), "stretches,", len(lines), "lines")


main()
