"""A text grammar: rules are lists of phrases, phrases have slots in braces.

`{boat}` stands for a random phrase of the rule `boat`, or for the fact `boat` where the text being
written has settled it (a name stays the same through a story). `{a boat}` puts a or an before it.
Random numbers come from one seeded stream, so the same seed gives the same text everywhere."""

import random
import re

SLOT = re.compile(r"\{(a )?([a-z_0-9]+)\}")


class Grammar:
    def __init__(self, rules, seed):
        self.rules = rules
        self.random = random.Random(seed)

    def choose(self, options):
        """One of the options, by random() alone, whose values no Python version changes."""
        return options[int(self.random.random() * len(options))]

    def write(self, phrase, facts):
        """The phrase with every slot filled, facts before rules."""

        def fill(match):
            name = match.group(2)
            text = facts[name] if name in facts else self.choose(self.rules[name])
            text = self.write(text, facts)
            if match.group(1):
                vowel = text[0] in "aeiou" and not text.startswith("one")
                text = ("an " if vowel else "a ") + text
            return text

        return SLOT.sub(fill, phrase)

    def tell(self, sentences, facts):
        """A text from sentences, each beginning with a capital letter."""
        told = (self.write(sentence, facts) for sentence in sentences)
        return " ".join(re.sub(r"((?:^|[.!?] )\"?)([a-z])", raise_letter, text) for text in told)


def raise_letter(match):
    return match.group(1) + match.group(2).upper()
