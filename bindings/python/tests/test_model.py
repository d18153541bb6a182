"""Models through Python: text, tokens, generation, vectors, classes, saving."""

import gc
import json
import os
import re
import signal
import threading

import numpy as np
import pytest
import svft

from conftest import FIXTURES

GREEDY = {"temperature": 0, "max_tokens": 12, "ignores_end": True}


def test_describe_names_family_and_sizes(llama):
    about = llama.describe()
    assert (about["family"], about["hidden_size"], about["vocabulary_size"]) == ("llama", 32, 408)
    assert svft.inspect(llama.describe()["path"])["parameters"] == about["parameters"]


def test_tokens_come_back_as_text(llama):
    ids = llama.tokenize("The lamp shone over the sea.")
    assert ids[0] == 1 and llama.tokenize("The lamp", special=False)[0] != 1
    assert llama.detokenize(ids) == "The lamp shone over the sea."
    assert llama.tokenize("", special=False) == []


def test_logits_have_one_row_per_token(llama):
    ids = llama.tokenize("The sea")
    logits = llama.logits(ids)
    assert logits.shape == (len(ids), 408) and logits.dtype == np.float32
    assert np.allclose(logits[:2], llama.logits(ids[:2]), atol=1e-5)


def test_generation_is_the_same_alone_in_a_batch_and_streamed(llama):
    alone = llama.generate("The lamp", **GREEDY)
    batch = llama.generate(["The sea is", "The lamp"], **GREEDY)
    seen = []
    again = llama.generate("The lamp", on_token=lambda i, token, text: seen.append(text), **GREEDY)
    assert isinstance(alone, str) and batch[1] == alone == again == "".join(seen)
    assert "".join(llama.generate("The lamp", stream=True, **GREEDY)) == alone


def test_each_prompt_may_have_an_adapter_of_its_own(llama):
    a, b = (
        llama.create_adapter(pattern="banded", d=4, init="kaiming", seed=seed) for seed in (1, 2))

    def alone(first, second):
        a.set_scale(first)
        b.set_scale(second)
        return llama.generate("The lamp", **GREEDY)

    expected = [alone(0, 1), alone(1, 0), alone(0, 0.5), alone(0, 0)]
    assert len(set(expected)) > 2
    prompts = ["The lamp"] * 4
    assert llama.generate(prompts, adapters=[b, a, (b, 0.5), None], **GREEDY) == expected
    assert llama.generate("The lamp", adapters=a, **GREEDY) == expected[1]
    assert "".join(llama.generate("The lamp", adapters=[b], stream=True, **GREEDY)) == expected[0]
    with llama.session() as session:
        assert session.generate("The lamp", adapters=(b, 0.5), **GREEDY) == expected[2]
    with pytest.raises(svft.InvalidArgument, match="each of 4 prompts"):
        llama.generate(prompts, adapters=[a], **GREEDY)
    with pytest.raises(TypeError, match="expected adapters"):
        llama.generate(prompts, adapters=[a, "b", None, None], **GREEDY)
    a.set_scale(1)
    with pytest.raises(svft.StateError, match="acts on all prompts"):
        llama.generate("The lamp", adapters=[a], **GREEDY)
    b.close()
    with pytest.raises(svft.StateError, match="closed"):
        llama.generate("The lamp", adapters=[b], **GREEDY)


def test_on_token_cancels_and_its_exception_is_raised(llama):
    with pytest.raises(svft.Cancelled):
        llama.generate("The", on_token=lambda *_: False, **GREEDY)

    def fails(*_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        llama.generate("The", on_token=fails, **GREEDY)
    assert llama.generate("The", **GREEDY)


def test_leaving_a_stream_early_frees_the_model(llama):
    for _ in llama.generate("The", stream=True, temperature=0, max_tokens=100, ignores_end=True):
        break
    gc.collect()
    assert llama.generate("The", **GREEDY)


def test_a_stream_raises_what_it_meets_where_it_is_read(llama):
    with pytest.raises(svft.InvalidArgument, match="top_p"):
        list(llama.generate("The", stream=True, top_p=2))
    for arguments in ({"prompt": ["The"]}, {"prompt": "The", "on_token": print}):
        with pytest.raises(TypeError, match="stream"):
            llama.generate(stream=True, **arguments)
    with pytest.raises(KeyboardInterrupt):
        for _ in llama.generate("The", stream=True, **GREEDY):
            os.kill(os.getpid(), signal.SIGINT)
    assert llama.generate("The", **GREEDY)


def test_a_callback_that_calls_back_finds_the_model_busy(llama):
    found = []

    def calls_back(*_):
        try:
            llama.logits([1])
        except svft.Busy as error:
            found.append(error)

    llama.generate("The", on_token=calls_back, **GREEDY)
    assert found and "use" in str(found[0])


def test_another_thread_cancels(llama):
    cancelled = threading.Event()

    def cancel():
        while not cancelled.wait(0.01):  # once could fall between two calls
            llama.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(svft.Cancelled):
        for _ in range(10_000):
            llama.generate(["The"] * 8, temperature=0, max_tokens=100, ignores_end=True)
    cancelled.set()
    canceller.join()


def test_options_reach_the_sampler(llama):
    banned = []
    llama.generate(
        "The", on_token=lambda i, token, text: banned.append(token), temperature=0, max_tokens=1)
    free = llama.generate("The", temperature=0, max_tokens=3, ignores_end=True)
    bias = {token: -100.0 for token in banned}
    assert llama.generate("The", logit_bias=bias, temperature=0, max_tokens=3) != free
    draws = {
        llama.generate("The", temperature=2.0, top_k=0, top_p=1.0, seed=s, max_tokens=8)
        for s in range(4)}
    assert len(draws) > 1
    with pytest.raises(TypeError, match="colour"):
        llama.generate("The", colour=1)


@pytest.mark.parametrize("option", [
    {"temperature": float("nan")}, {"temperature": -1}, {"top_p": 2}, {"top_k": -5},
    {"max_tokens": -1},
    {"min_p": -1}, {"repetition_penalty": 0}, {"logit_bias": {10**6: 1.0}}, {"stop": [""]},
])
def test_absurd_options_are_named(llama, option):
    with pytest.raises(svft.InvalidArgument):
        llama.generate("The", **option)


def test_vectors_are_normalised(bert):
    vectors = bert.embed(["the lamp", "the sea was still"])
    assert vectors.shape == (2, 32) and bert.describe()["embedding_size"] == 32
    assert np.allclose(bert.embed("the lamp"), vectors[0], atol=1e-6)


def test_encoders_refuse_to_generate_and_unlabelled_models_to_classify(bert, llama):
    with pytest.raises(svft.Unsupported):
        bert.generate("the")
    with pytest.raises(svft.Unsupported):
        llama.classify("the")


def test_minilm_gives_the_golden_vectors(shared):
    folder = shared("all-MiniLM-L6-v2")
    texts = json.loads((folder / "golden" / "golden.json").read_text())["sentences"]
    wanted = np.load(folder / "golden" / "embeddings.npy")
    with svft.Model.load(folder, compute="f32") as model:
        assert np.abs(model.embed(texts) - wanted).max() < 1e-5


@pytest.mark.parametrize("kept, meant", [(None, "f16"), ("auto", "f16"), ("bf16", "bf16")])
def test_keys_and_values_are_kept_in_the_format_asked_for(llama, kept, meant):
    folder = llama.describe()["path"]
    with svft.Model.load(folder, kv_format=kept, threads=1) as model:
        assert model.describe()["kv_format"] == meant
        assert model.generate("The lamp", **GREEDY)
    with pytest.raises(svft.Unsupported, match="q9"):
        svft.Model.load(folder, kv_format="q9")
    with pytest.raises(svft.Unsupported, match="a multiple of 32 values"):
        svft.Model.load(folder, kv_format="q8_0")


def test_every_format_of_keys_and_values_is_documented():
    path = FIXTURES / "families" / "qwen3"
    with pytest.raises(svft.Unsupported) as error:
        svft.Model.load(path, kv_format="q5_0")
    formats = re.search("one of (.*), found", str(error.value))[1].split(", ")
    assert set(formats) == {"auto", "f32", "f16", "bf16", "q8_0", "q4_0"}
    for kept in formats[1:]:
        with svft.Model.load(path, kv_format=kept, threads=1) as model:
            assert model.describe()["kv_format"] == kept
        assert f'"{kept}"' in svft.Model.load.__doc__


def test_a_saved_model_says_the_same(llama, tmp_path):
    report = llama.save(tmp_path / "copy", format="f32")
    assert isinstance(report, dict)
    with svft.Model.load(tmp_path / "copy", threads=1) as copy:
        assert copy.generate("The lamp", **GREEDY) == llama.generate("The lamp", **GREEDY)
    llama.save(tmp_path / "copy.gguf", format="q8_0")
    text = tmp_path / "text.txt"
    text.write_text("The keeper of the lighthouse lit the lamp. The sea was wide.")
    parts = llama.save(
        tmp_path / "parts.gguf", format="iq4_nl", max_shard_size="20KB", calibration=str(text))
    assert "-00001-of-" in parts["path"]
    with svft.Model.load(parts["path"], compute="f32") as other:
        assert "IQ4_NL" in other.describe()["formats"]
    with svft.Model.load(tmp_path / "copy.gguf") as copy:
        assert "Q8_0" in {name.upper() for name in copy.describe()["formats"]}


def test_evaluation_reports_loss(llama, tales):
    figures = llama.evaluate(tales)
    assert figures["loss"] > 0 and figures["perplexity"] == pytest.approx(np.exp(figures["loss"]))
    with pytest.raises(svft.Cancelled):
        llama.evaluate(tales, progress=lambda *_: False)


def test_memory_is_estimated_without_loading(llama):
    path = llama.describe()["path"]
    one = svft.estimate(path, threads=1, prompt=16, max_tokens=8)
    four = svft.estimate(path, threads=1, prompt=16, max_tokens=8, batch=4)
    assert four["parts"]["key_value_cache"] == 4 * one["parts"]["key_value_cache"]
    assert one["peak_bytes"] == one["process_bytes"] + one["model_bytes"]
    training = svft.estimate(
        path, quantize="q8_0", adapter={"method": "lora", "r": 2}, training={"batch_size": 2})
    assert training["parts"]["moments"] == 2 * training["parts"]["gradients"]
    with pytest.raises(svft.InvalidArgument, match="colour"):
        svft.estimate(path, colour=1)
    with pytest.raises(svft.InputOutputError):
        svft.estimate("nowhere")


def test_failures_have_their_exceptions(tmp_path, llama):
    with pytest.raises(svft.InputOutputError) as missing:
        svft.Model.load(tmp_path / "nowhere")
    assert isinstance(missing.value, OSError) and "nowhere" in str(missing.value)
    with pytest.raises(svft.OutOfMemory):
        svft.Model.load(llama.describe()["path"], memory_limit=1)
    with pytest.raises(svft.Unsupported):
        svft.Model.load(llama.describe()["path"], quantize="q9")
    with pytest.raises(svft.LimitExceeded):
        llama.logits([1] * 1000)
    (tmp_path / "short.gguf").write_bytes(b"GGUF")
    with pytest.raises(svft.Truncated):
        svft.Model.load(tmp_path / "short.gguf")
    (tmp_path / "other.gguf").write_bytes(b"<html>" * 10)
    with pytest.raises(svft.FormatError):
        svft.Model.load(tmp_path / "other.gguf")


def test_a_closed_model_says_so(llama):
    llama.close()
    llama.close()
    with pytest.raises(svft.StateError):
        llama.describe()


def test_the_context_can_be_shorter_than_the_models(llama):
    path = llama.describe()["path"]
    with svft.Model.load(path, context_length=8) as short:
        assert short.describe()["context_length"] == 8
        with pytest.raises(svft.LimitExceeded):
            short.logits([1] * 9)
    with pytest.raises(svft.InvalidArgument, match="context_length"):
        svft.Model.load(path, context_length=129)


def test_factors_progress_and_are_kept(llama, tmp_path):
    seen = []
    path = llama.describe()["path"]
    with svft.Model.load(path, cache_folder=tmp_path) as model:
        model.factor("q_proj,v_proj", progress=lambda *report: seen.append(report))
    assert seen and all(0 <= done <= 1 for _, done, _ in seen)
    assert any(tmp_path.iterdir())
    with pytest.raises(svft.Mismatch):
        llama.factor("nothing_like_it")


def test_loading_progresses_and_can_be_cancelled(llama):
    path = llama.describe()["path"]
    seen = []
    svft.Model.load(
        path, quantize="q8_0", copies_file=True,
        progress=lambda *report: seen.append(report)).close()
    assert seen[-1][1] == 1
    with pytest.raises(svft.Cancelled):
        svft.Model.load(path, quantize="q8_0", progress=lambda *_: False)


def test_bench_measures(llama):
    speeds = llama.bench(prompt=8, decode=2, repeats=1, train=1)
    assert all(speeds[part]["tokens_per_second"] > 0 for part in ("prefill", "decode", "train"))
    with pytest.raises(svft.InvalidArgument):
        llama.bench(prompts=8)


def test_a_zero_in_a_text_does_not_end_it(llama):
    # Token 3 is the byte 0, which no C string can hold.
    ids = llama.tokenize("a") + [3] + llama.tokenize("b", special=False)
    assert llama.detokenize(ids) == "a\ufffd b"
    pieces = []
    text = llama.generate(
        "The lamp", max_tokens=3, temperature=0, logit_bias={3: 1e6}, ignores_end=True,
        on_token=lambda index, token, piece: pieces.append(piece))
    assert text == "\ufffd" * 3 == "".join(pieces)
