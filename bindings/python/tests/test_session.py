"""Sessions through Python: pieces of a text, reuse, streams, files, and errors."""

import gc

import numpy as np
import pytest
import svft

from conftest import FIXTURES

GREEDY = {"temperature": 0, "max_tokens": 12, "ignores_end": True}


def test_pieces_make_the_text_that_is_generated_whole(llama):
    whole = llama.generate("The lamp", **GREEDY)
    with llama.session() as session:
        pieces = [session.extend("The lamp", **{**GREEDY, "max_tokens": 4})]
        assert session.reused == 0
        for _ in range(2):
            pieces.append(session.extend(**{**GREEDY, "max_tokens": 4}))
            assert session.reused == len(session.tokens) - 5
        assert "".join(pieces) == whole
    with pytest.raises(svft.StateError, match="Session"):
        session.tokens


def test_prompts_keep_what_they_begin_with(llama):
    session = llama.session()
    first = session.generate("The lamp", **GREEDY)
    assert first == llama.generate("The lamp", **GREEDY) and session.reused == 0
    ids = session.tokens
    assert session.describe()["computed_tokens"] == len(ids) - 1
    for tokens in (ids, np.array(ids, dtype=np.int64)):
        assert session.generate(tokens=tokens, **GREEDY) == llama.generate(tokens=ids, **GREEDY)
        assert session.reused == len(ids) - 1
    assert session.generate(tokens=ids, max_tokens=0) == ""
    assert session.describe() == {
        "tokens": len(ids), "computed_tokens": len(ids), "context_length": 128}
    talk = [{"role": "user", "content": "The lamp?"}]
    assert session.generate(messages=talk, **GREEDY) == llama.generate(messages=talk, **GREEDY)


def test_streams_callbacks_and_their_errors(llama):
    session, seen = llama.session(), []
    text = session.generate(
        "The sea", on_token=lambda i, token, piece: seen.append(piece), **GREEDY)
    assert "".join(seen) == text == "".join(session.generate("The sea", stream=True, **GREEDY))
    for _ in session.extend(stream=True, temperature=0, max_tokens=50, ignores_end=True):
        break
    gc.collect()
    held = session.tokens
    assert session.describe()["computed_tokens"] == len(held) - 1

    def fails(*_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        session.extend(on_token=fails, **GREEDY)
    assert len(session.tokens) == len(held) + 1
    with pytest.raises(TypeError, match="on_token"):
        session.extend(stream=True, on_token=print)
    for wrong in ({}, {"prompt": "a", "tokens": [1]}):
        with pytest.raises(TypeError, match="one of"):
            session.generate(**wrong)


def test_a_saved_session_goes_on_in_another_model(llama, tmp_path):
    session = llama.session()
    session.extend("The lamp", **GREEDY)
    session.save(tmp_path / "talk.svfts")
    with svft.Model.load(FIXTURES / "llama", threads=2) as other:
        restored = other.load_session(tmp_path / "talk.svfts", context_length=100)
        assert restored.tokens == session.tokens
        assert restored.extend(**GREEDY) == session.extend(**GREEDY)
        assert restored.reused == session.reused > 0
        assert restored.describe()["context_length"] == 100
    restored.close()


def test_what_changes_the_model_makes_it_compute_again(llama):
    session = llama.session()
    session.generate("The lamp", **GREEDY)
    adapter = llama.create_adapter("lora", r=2)
    assert session.describe()["computed_tokens"] == 0
    assert session.generate("The lamp", **GREEDY) and session.reused == 0
    adapter.detach()
    assert session.generate("The lamp", **GREEDY) and session.reused == 0


def test_what_is_no_session_is_refused(llama, bert, tmp_path):
    with pytest.raises(svft.Unsupported):
        bert.session()
    with pytest.raises(svft.InputOutputError):
        llama.load_session(tmp_path / "nowhere")
    with pytest.raises(svft.FormatError, match="saved session"):
        llama.load_session(FIXTURES / "llama" / "model.safetensors")
    with pytest.raises(svft.InvalidArgument, match="context_length"):
        llama.session(context_length=129)
    with pytest.raises(svft.LimitExceeded):
        llama.session(context_length=4).generate("The lamp shone over the sea", **GREEDY)
