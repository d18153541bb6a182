"""Renders chat templates with jinja2, set up as the `transformers` package sets it up.

Run:  pip install jinja2 && python3 Tests/Fixtures/make_templates.py

templates/*.jinja are written for these tests after the published behaviour of the families they
are named for. Output beside this file: templates-golden.json, what each makes of the conversations
below, and templates-language.json, what small templates make of small values.
"""

import json
import pathlib

import jinja2
import jinja2.ext
import jinja2.sandbox
from templates_language import CASES, VARIABLES

HERE = pathlib.Path(__file__).parent
NOW = 1_753_520_461  # 26 July 2025, 09:01:01 UTC


class Generation(jinja2.ext.Extension):
    """{% generation %} … {% endgeneration %}: marks what the assistant writes."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("mark")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    def mark(self, caller):
        text = caller()
        if text:
            start = len("".join(self.environment.blocks))
            self.environment.spans.append((start, start + len(text)))
        return text


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def to_json(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        x,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys)


def strftime_now(form):
    import datetime

    return datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).strftime(form)


def environment(has_clock):
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = to_json
    env.globals["raise_exception"] = refuse
    if has_clock:
        env.globals["strftime_now"] = strftime_now
    return env


def render(template, variables, has_clock=False):
    """The text and the marked spans in characters, or the error."""
    env = environment(has_clock)
    env.blocks, env.spans = [], []
    try:
        for block in env.from_string(template).generate(**variables):
            env.blocks.append(block)
    except Exception as error:  # every failure is an outcome here
        return {"error": f"{type(error).__name__}: {error}"}
    result = {"expected": "".join(env.blocks)}
    if env.spans:
        result["generated"] = env.spans
    return result


def function(name, description, properties, required):
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": properties, "required": required}}}


TOOLS = [
    function("weather", "Says what <weather> & wind\nthere are.",
             {"place": {"type": "string"}, "unit": {"type": "string", "enum": ["°C", "°F"]}},
             ["place"]),
    function("add", "Adds.", {"terms": {"type": "array", "items": {"type": "number"}}}, []),
]


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


QUESTION = turn("user", " How are you?\n")
CALL = {"type": "function", "id": "abcde1234",
        "function": {"name": "weather", "arguments": {"place": "Åland", "n": 1.5, "x": None}}}
CONVERSATIONS = {
    "one": {"messages": [QUESTION]},
    "system": {"messages": [turn("system", "Be  kind. "), QUESTION]},
    "turns": {"messages": [
        turn("system", "S"), turn("user", "q1"), turn("assistant", "\na1 "), turn("user", "q2"),
        turn("assistant", "a2")]},
    "alphabets": {"messages": [
        turn("user", "héllo \"灯台\" 👩‍🚀 a\u0301 {{ x }}"),
        turn("assistant", "<think>\nhm\n</think>\n\nđa\\n"), turn("user", "ß\u2028")]},
    "disorder": {"messages": [turn("user", "a"), turn("user", "b")]},
    "tools": {"tools": TOOLS, "messages": [
        turn("user", "Weather?"), turn("assistant", "", tool_calls=[CALL]),
        turn("tool", "12 °C", name="weather"), turn("assistant", "12.")]},
    "asked": {"tools": TOOLS, "messages": [turn("system", "T"), turn("user", "What now?")]},
    "quiet": {"messages": [QUESTION], "enable_thinking": False, "date_string": "1 Jan 2025"},
}
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, indent=0)
    (HERE / name).write_text(text + "\n", encoding="utf-8")


def main():
    golden = []
    for path in sorted((HERE / "templates").glob("*.jinja")):
        template = path.read_text(encoding="utf-8")
        for name, conversation in CONVERSATIONS.items():
            for prompt in [False, True]:
                # SmolLM 3's asks for the date whether or not there is a clock.
                clock = name == "system" or path.stem == "smollm3"
                variables = {**TOKENS, **conversation, "add_generation_prompt": prompt}
                golden.append({
                    "template": path.stem, "conversation": name, "prompt": prompt,
                    "clock": clock, **render(template, variables, clock)})
    write("templates-golden.json",
          {"now": NOW, "tokens": TOKENS, "conversations": CONVERSATIONS, "cases": golden})
    write("templates-language.json", {
        "variables": VARIABLES,
        "cases": [{"template": case, **render(case, VARIABLES)} for case in CASES]})


main()
