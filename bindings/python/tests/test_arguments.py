"""Arguments are checked where they come in: one sentence with where, expected and found."""

import pathlib

import numpy as np
import pytest
import svft

from conftest import FIXTURES

GREEDY = {"temperature": 0, "max_tokens": 4, "ignores_end": True}
TALK = [{"role": "user", "content": "The lamp?"}]


def refused(call, sentence):
    """TypeError with just that sentence."""
    with pytest.raises(TypeError) as error:
        call()
    assert str(error.value) == sentence


def test_there_is_a_second_text_for_each_text(bert, questions):
    with pytest.raises(svft.InvalidArgument, match="each of 4000 texts, found 1"):
        bert.classify(["a dog"] * 4000, pairs=["a dog"])
    with pytest.raises(svft.InvalidArgument, match="each of 1 texts, found 2"):
        bert.classify("a dog", pairs=["a", "b"])
    svft.Trainer(bert.create_adapter("lora", r=2), questions, steps=1).run()
    both = bert.classify(["the sea", "a gull"], pairs=(second for second in ("a lamp", None)))
    for found, alone in zip(
            both, (bert.classify("the sea", "a lamp"), bert.classify("a gull", [None]))):
        assert found.score == pytest.approx(alone.score)


@pytest.mark.parametrize("name", [
    "bias_tokens", "bias_values", "bias_count", "stop_strings", "stop_string_count",
    "stop_token_count", "adapter_scales",
])
def test_counts_of_lists_come_from_the_lists(llama, name):
    refused(
        lambda: llama.generate("The", **{name: 4000}, **GREEDY),
        f"generate() got an unexpected option {name!r}")


def test_rows_of_logits_are_those_that_were_computed():
    with svft.Model.load(FIXTURES / "answers" / "t5", threads=1) as model:
        logits = model.logits([5, 6, -1, 0, 3])
        assert np.array_equal(logits, model.logits([0, 3], source=iter([5, 6])))


def test_bytes_and_numbers_are_no_text(llama):
    refused(lambda: llama.generate(b"Once"), "prompt: expected texts (str), found bytes")
    refused(lambda: llama.generate(5), "prompt: expected texts (str), found int")
    refused(lambda: llama.generate(["x", 5]), "prompt[1]: expected a text (str), found int")
    refused(lambda: llama.generate([b"x"]), "prompt[0]: expected a text (str), found bytes")
    refused(lambda: llama.tokenize(b"Once"), "text: expected a text (str), found bytes")
    refused(
        lambda: llama.generate("x", stop=["a", 5]), "stop[1]: expected a text (str), found int")
    refused(lambda: llama.classify("a", [5]), "pairs[0]: expected a text (str), found int")
    refused(
        lambda: llama.embed(["a", 5]),
        "texts[1]: expected texts (str), or pictures as paths, bytes or arrays, found int")
    refused(
        lambda: svft.Model.load("nowhere", quantize=8),
        "quantize: expected a text (str), found int")
    with llama.session() as session:
        refused(lambda: session.extend(b"Once"), "text: expected a text (str), found bytes")
        refused(
            lambda: session.generate(["a", "b"]),
            "generate() of a session expects one prompt, found a list of 2")
    with pytest.raises(svft.InvalidArgument, match="UTF-8"):
        llama.tokenize("The \ud800")


def test_paths_come_as_text_bytes_and_path_objects(llama, tales, tmp_path):
    path = pathlib.Path(llama.describe()["path"])
    for given in (path, str(path), bytes(path)):
        assert svft.inspect(given)["parameters"] == llama.describe()["parameters"]
        svft.Model.load(given, latents=given, cache_folder=bytes(tmp_path), threads=1).close()
    assert llama.evaluate(bytes(tales))["loss"] > 0
    calibration = tmp_path / "text.txt"
    calibration.write_text("The keeper lit the lamp.")
    llama.save(bytes(tmp_path / "a.gguf"), format="q4_0", calibration=bytes(calibration))
    adapter, path = llama.create_adapter("lora", r=2), "a path (str, bytes or os.PathLike)"
    refused(lambda: svft.Model.load(5), f"path: expected {path}, found int")
    refused(
        lambda: svft.Model.load("nowhere", cache_folder=5),
        f"cache_folder: expected {path}, found int")
    refused(
        lambda: svft.Trainer(adapter, [{"text": "a"}]), f"data: expected {path}, found list")
    refused(
        lambda: svft.Trainer(adapter, tales, output=5), f"output: expected {path}, found int")
    refused(lambda: adapter.save(["a"]), f"path: expected {path}, found list")
    with pytest.raises(svft.InvalidArgument, match="UTF-8"):
        svft.inspect(b"\xff")


@pytest.mark.parametrize("options, sentence", [
    ({"logit_bias": [1]}, "logit_bias: expected a mapping of ids to numbers, found list"),
    ({"logit_bias": {1: "a"}}, "logit_bias[1]: expected a number, found str"),
    ({"stop": 5}, "stop: expected texts (str), found int"),
    ({"stop_tokens": 5}, "stop_tokens: expected integers, found int"),
    ({"temperature": "1"}, "temperature: expected a number, found str"),
    ({"max_tokens": "1"}, "max_tokens: expected an integer, found str"),
    ({"on_token": 5}, "on_token: expected a function, found int"),
    ({"chat_layout": 5}, "chat_layout: expected a text (str), found int"),
    ({"adapters": 5}, "adapters: expected adapters, pairs with a scale or None, found int"),
    ({"adapters": [(None, 1, 2)]},
     "adapters[0]: expected adapters, pairs with a scale or None, found tuple"),
    ({"adapters": [(None, "a")]}, "adapters[0]: expected a number, found str"),
])
def test_options_of_other_types_are_named(llama, options, sentence):
    refused(lambda: llama.generate("The", **options), sentence)


@pytest.mark.parametrize("prompt, sentence", [
    ({"messages": "hello"}, "messages: expected messages or conversations, found str"),
    ({"messages": 5}, "messages: expected messages or conversations, found int"),
    ({"messages": ["hello"]}, "messages[0]: expected messages, found str"),
    ({"messages": [TALK, ["hello"]]},
     "messages[1][0]: expected a message (a mapping), found str"),
    ({"messages": TALK + ["hello"]}, "messages[1]: expected a message (a mapping), found str"),
    ({"messages": [{"role": "user", "content": {1}}]},
     "messages: expected what JSON can hold, found set"),
    ({"tokens": "ab"}, "tokens: expected token ids or sequences of them, found str"),
    ({"tokens": 5}, "tokens: expected token ids or sequences of them, found int"),
    ({"tokens": ["ab"]}, "tokens[0]: expected integers, found str"),
])
def test_prompts_of_other_types_are_named(llama, prompt, sentence):
    refused(lambda: llama.generate(**prompt), sentence)


def test_calls_on_adapters_name_other_types(llama, tales):
    adapter = llama.create_adapter("lora", r=2)
    refused(
        lambda: svft.Adapter.sum([(adapter, 0.5)]), "adapters[0]: expected an adapter, found tuple")
    refused(lambda: svft.Adapter.sum(adapter), "adapters: expected adapters, found Adapter")
    refused(lambda: svft.Trainer("a", tales), "adapter: expected an adapter, found str")
    refused(
        lambda: svft.Trainer(adapter, tales).run(5), "on_progress: expected a function, found int")
    refused(lambda: adapter.set_scale("1"), "scale: expected a number, found str")
    refused(lambda: llama.load_adapter("a", scale="1"), "scale: expected a number, found str")
    refused(
        lambda: llama.create_adapter(targets={"q_proj"}),
        "options: expected what JSON can hold, found set")
    refused(lambda: llama.factor(5), "targets: expected suffixes of module names, found int")
    refused(
        lambda: llama.evaluate(tales, progress=5), "progress: expected a function, found int")
    refused(lambda: svft.set_log(5), "callback: expected a function, found int")


def test_iterables_are_as_good_as_lists(llama):
    ids = llama.tokenize("The lamp")
    wanted = llama.generate(tokens=ids, **GREEDY)
    assert llama.generate(tokens=iter(ids), **GREEDY) == wanted
    assert llama.generate(tokens=(iter(ids) for _ in range(2)), **GREEDY) == [wanted] * 2
    assert llama.detokenize(iter(ids)) == "The lamp"
    assert np.array_equal(llama.logits(iter(ids)), llama.logits(ids))
    answer = llama.generate(messages=TALK, **GREEDY)
    assert llama.generate(messages=iter(TALK), **GREEDY) == answer
    assert llama.generate(messages=iter([iter(TALK), TALK]), **GREEDY) == [answer] * 2
    with llama.session() as session:
        assert session.generate(tokens=iter(ids), **GREEDY) == wanted
        assert session.generate(messages=iter(TALK), **GREEDY) == answer
    stopped = llama.generate("The lamp", stop_tokens=iter([5]), stop=iter(["zzz"]), **GREEDY)
    assert stopped == llama.generate("The lamp", stop_tokens=[5], stop="zzz", **GREEDY)
    assert llama.generate("The lamp", adapters=iter([None]), **GREEDY)
    assert np.array_equal(llama.embed(iter(["a", "b"])), llama.embed(["a", "b"]))
    one, other = llama.factor(iter(["q_proj", "v_proj"])), llama.factor("q_proj,v_proj")
    assert one["matrices"] == other["matrices"]
    with pytest.raises(svft.InvalidArgument, match="several lengths"):
        llama.logits([[1], [1, 2]])
