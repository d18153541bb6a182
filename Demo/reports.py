"""The new domain: weather reports for sailors, dry and exact, in a fixed order.

A report follows from a few numbers: the force of the wind decides the sea and the advice, the glass
goes with the wind, fog comes with little of it. So there is something to learn beyond the words."""

AREAS = ["the outer bay", "the inner bay", "the north sound", "the south sound", "the long strait",
         "the grey banks", "the islands", "the river mouth", "the western approach",
         "the eastern shallows"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
HOURS = ["morning", "noon", "evening", "night"]
POINTS = ["north", "north-east", "east", "south-east", "south", "south-west", "west",
          "north-west"]
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
           "eleven", "twelve"]
SEAS = ["calm", "smooth", "smooth", "slight", "slight to moderate", "moderate", "rough",
        "very rough", "high", "very high", "very high and white"]
SKIES = {
    "falling": ["Rain before night.", "Rain at first, showers later.", "Heavy showers.",
                "Clouds from the west, then rain.", "Thunder possible."],
    "steady": ["Fair.", "Mostly fair, few clouds.", "Cloudy, mainly dry.", "Fair, then cloudy."],
    "rising": ["Showers, then fair.", "Clearing from the north.", "Fair by morning.",
               "Last showers in the east."],
}
ADVICE = [
    (2, ["Good for all boats.", "Good rowing weather.", "All boats may go out."]),
    (4, ["Good sailing weather.", "Good for all boats with sails.", "Open boats take care."]),
    (6, ["Small boats keep near the harbour.", "Open boats stay in the harbour.",
         "Take in a reef before the point."]),
    (8, ["Small boats stay in the harbour.", "Only large ships should go out.",
         "Double all ropes at the quay."]),
    (10, ["No boat should leave the harbour.", "Storm warning: stay in the harbour.",
          "Keep away from the outer pier."]),
]


def report(grammar):
    """One report."""
    pick = grammar.choose
    force = pick([0, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7, 8, 9])
    glass = "falling" if force > 6 else pick(["falling", "steady", "rising"])
    later = {"falling": force + 1, "steady": force, "rising": max(force - 1, 0)}[glass]
    parts = [
        f"Report for {pick(AREAS)}, {pick(DAYS)} {pick(HOURS)}.",
        wind(pick, force, later),
        sea(SEAS[force], SEAS[later]),
        pick(SKIES[glass]),
        sight(pick, force, glass),
        f"The glass stands at {pressure(pick, force)} and is {glass}.",
        f"High water at {NUMBERS[1 + int(grammar.random.random() * 12)]} in the "
        f"{pick(['morning', 'evening'])}, low water {NUMBERS[6]} hours later.",
        pick(next(words for limit, words in ADVICE if max(force, later) <= limit)),
    ]
    return " ".join(parts)


def sea(now, later):
    return f"Sea {now}." if later == now else f"Sea {now}, later {later}."


def wind(pick, force, later):
    if force == 0:
        return "Wind none." if later == 0 else "Wind none, later light from the west."
    at = int(pick(range(len(POINTS))))
    text = f"Wind {POINTS[at]}, force {NUMBERS[force]}"
    if later > force:
        text += f", rising to {NUMBERS[later]} {pick(['before midnight', 'by noon', 'at dusk'])}"
    elif later < force:
        text += f", falling to {NUMBERS[later]} {pick(['by morning', 'after midnight', 'soon'])}"
    if pick([True, False, False]):
        text += f", turning {POINTS[(at + 1) % len(POINTS)]}"
    return text + "."


def sight(pick, force, glass):
    if force < 2:
        return pick(["Fog on the water, sight poor.", "Fog at dawn, then sight good.",
                     "Mist in the river, sight fair."])
    if glass == "falling":
        return pick(["Sight good, poor in rain.", "Sight fair, poor in showers."])
    return pick(["Sight good.", "Sight very good.", "Sight good, the islands in view."])


def pressure(pick, force):
    """The air pressure in words: low with much wind."""
    tens = ["", " and ten", " and twenty"]
    if force > 5:
        return f"nine hundred and {pick(['seventy', 'eighty', 'ninety'])}"
    return "one thousand" + pick(tens[:2] if force > 3 else tens)
