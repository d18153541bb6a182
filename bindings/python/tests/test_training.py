"""Adapters and training through Python."""

import gc
import json
import os
import signal

import numpy as np
import pytest
import svft

OPTIONS = {"method": "svft", "pattern": "banded", "d": 2, "targets": "all-linear"}
GREEDY = {"temperature": 0, "max_tokens": 12, "ignores_end": True}


def test_a_fresh_adapter_changes_nothing_and_a_trained_one_does(llama, tales, tmp_path):
    ids = llama.tokenize("The lamp")
    before = llama.logits(ids)
    adapter = llama.create_adapter(**OPTIONS)
    assert np.allclose(llama.logits(ids), before, atol=1e-4)
    assert adapter.describe()["trainable"] > 0
    events = []
    with svft.Trainer(
            adapter, tales, output=tmp_path / "run", epochs=3, learning_rate=0.05) as trainer:
        report = trainer.run(lambda progress: events.append(progress))
    assert report["finished"] and events[-1].event == "finished"
    assert events[-1].validation_loss is None and events[-1].step == report["total_steps"]
    trained = llama.logits(ids)
    assert np.abs(trained - before).max() > 1e-2
    adapter.set_scale(0)
    assert np.array_equal(llama.logits(ids), before)
    adapter.set_scale(1)
    assert np.array_equal(llama.logits(ids), trained)
    adapter.save(tmp_path / "saved")
    adapter.detach()
    assert np.array_equal(llama.logits(ids), before)
    with llama.load_adapter(tmp_path / "saved", scale=1.0):
        assert np.allclose(llama.logits(ids), trained, atol=1e-4)
    svft.plot(tmp_path / "run" / "metrics.jsonl", tmp_path / "loss.svg")
    assert "<svg" in (tmp_path / "loss.svg").read_text()


def test_a_quantisation_aware_adapter_is_merged_as_it_was_trained(llama, tales, tmp_path):
    report = llama.save(str(tmp_path / "base.gguf"), format="q8_0")
    assert "perplexity" not in report
    folder = llama.describe()["path"]
    with svft.Model.load(str(tmp_path / "base.gguf"), latents=folder, threads=1) as model:
        adapter = model.create_adapter(**OPTIONS, quantization_aware="frozen")
        svft.Trainer(adapter, tales, steps=3, learning_rate=0.05).run()
        ids = model.tokenize("The lamp")
        trained = model.logits(ids)
        report = model.save(str(tmp_path / "merged.gguf"), probe="The lamp was lit.")
        assert report["drift"]["max"] == 0 and report["perplexity"]["merged"] > 1
        assert report["transmitted"]["mean"] > report["transmitted"]["naive"]["mean"] - 1
    with svft.Model.load(str(tmp_path / "merged.gguf"), threads=1) as merged:
        assert np.array_equal(merged.logits(ids), trained)
    with svft.Model.load(str(tmp_path / "base.gguf"), threads=1) as model:
        with pytest.raises(svft.Mismatch):
            model.create_adapter(method="lora", repair=True)


def test_cancelled_runs_go_on(llama, tales, tmp_path):
    adapter = llama.create_adapter(method="lora", r=2, targets="all-linear")
    options = dict(output=tmp_path, epochs=2, steps_per_report=1, learning_rate=0.01)
    trainer = svft.Trainer(adapter, tales, **options)
    with pytest.raises(svft.Cancelled):
        trainer.run(lambda progress: progress.step < 3)
    assert trainer.describe()["step"] == 3
    report = trainer.run()
    assert report["finished"] and report["step"] == 12
    with pytest.raises(svft.StateError):
        trainer.step()


def test_recomputed_activations_train_the_same(llama, tales, tmp_path):
    losses = []
    for recomputes in (False, True):
        with llama.create_adapter(method="lora", r=2) as adapter:
            trainer = svft.Trainer(
                adapter, tales, steps=3, gradient_checkpointing=recomputes, learning_rate=0.05)
            losses.append(trainer.run()["last_loss"])
            assert trainer.describe()["gradient_checkpointing"] is recomputes
    assert losses[0] == losses[1]


def test_ctrl_c_saves_a_checkpoint_and_is_raised(llama, tales, tmp_path):
    adapter = llama.create_adapter(**OPTIONS)
    trainer = svft.Trainer(adapter, tales, output=tmp_path, epochs=500, steps_per_report=1)

    def interrupt(progress):
        if progress.step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        trainer.run(interrupt)
    assert list(tmp_path.glob("checkpoint*"))
    trainer.close()
    resumed = svft.Trainer(
        adapter, tales, output=tmp_path, epochs=500, steps_per_report=1, resume=True)
    assert resumed.describe()["step"] >= 2


def test_classes_are_learnt_and_named(bert, questions, tmp_path):
    adapter = bert.create_adapter(method="lora", r=4, targets=["query", "value"])
    svft.Trainer(adapter, questions, epochs=20, learning_rate=0.02, batch_size=8).run()
    results = bert.classify(["who keeps the sea?", "where is the gull?"])
    assert [result.label for result in results] == ["person", "place"]
    assert set(results[0].scores) == {"person", "place"}
    assert sum(results[0].scores.values()) == pytest.approx(1)
    one = bert.classify("who keeps the sea?", None)
    assert one.label == "person"
    assert bert.evaluate(questions)["accuracy"] == 1.0
    adapter.save(tmp_path / "saved")
    with svft.Model.load(bert.describe()["path"]) as other, other.load_adapter(tmp_path / "saved"):
        assert other.classify("where is the gull?").label == "place"


def test_exports_reach_peft(llama, tales, tmp_path):
    adapter = llama.create_adapter(method="lora", r=2, targets="all-linear")
    svft.Trainer(adapter, tales, steps=2).run()
    adapter.export(tmp_path / "peft", to="peft")
    configuration = json.loads((tmp_path / "peft" / "adapter_config.json").read_text())
    assert configuration["peft_type"] == "LORA"


def test_exports_come_back_and_halves_add_up(llama, tales, tmp_path):
    adapter = llama.create_adapter(**OPTIONS)
    svft.Trainer(adapter, tales, steps=3, learning_rate=0.05).run()
    ids = llama.tokenize("The lamp")
    expected = llama.logits(ids)
    scale = np.abs(expected).max()
    for form, name in [("peft", "peft"), ("gguf-lora", "lora.gguf"), ("delta", "d.safetensors")]:
        report = adapter.export(tmp_path / name, to=form)
        assert form == "delta" or report["left_out"] < 1e-9
    llama.save(tmp_path / "merged", format="f32")
    adapter.set_scale(0)
    for name in ["peft", "lora.gguf", "d.safetensors", "merged"]:
        made, report = llama.import_adapter(tmp_path / name, pattern="banded", d=999)
        assert report["captured"] > 1 - 1e-5 and not report["others"], name
        assert np.abs(llama.logits(ids) - expected).max() < 1e-4 * scale, name
        made.detach()
    adapter.save(tmp_path / "saved")
    adapter.set_scale(0.75)
    other = llama.load_adapter(tmp_path / "saved", scale=0.25)
    whole, report = svft.Adapter.sum([adapter, other])
    assert report["weights"] == [0.75, 0.25]
    thinned, _ = svft.Adapter.sum([adapter, other], rule="ties", density=0.5)
    thinned.detach(), adapter.detach(), other.detach()
    assert np.abs(llama.logits(ids) - expected).max() < 1e-4 * scale
    whole.detach()
    with pytest.raises(svft.InvalidArgument, match="stone"):
        llama.import_adapter(tmp_path / "peft", kind="stone")
    with pytest.raises(svft.InvalidArgument, match="at least one"):
        svft.Adapter.sum([])
    assert llama.describe()["adapters"] == []


def test_bad_data_names_its_line(llama, tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"text": "fine"}\n{"text": \n')
    adapter = llama.create_adapter(**OPTIONS)
    with pytest.raises(svft.DataError, match="2"):
        svft.Trainer(adapter, broken)


@pytest.mark.parametrize("option", [
    {"learning_rate": float("nan")}, {"learning_rate": -1}, {"batch_size": 0}, {"epochs": -1},
    {"optimizer": "lion"}, {"beta2": 1.0}, {"val_split": 2.0}, {"steps_per_report": 0},
])
def test_absurd_options_are_named(llama, tales, option):
    adapter = llama.create_adapter(**OPTIONS)
    with pytest.raises(svft.InvalidArgument, match=next(iter(option))):
        svft.Trainer(adapter, tales, **option)


def test_another_base_is_refused(llama, bert, tmp_path):
    llama.create_adapter(**OPTIONS).save(tmp_path / "saved")
    with pytest.raises(svft.Mismatch):
        bert.load_adapter(tmp_path / "saved")
    with pytest.raises(svft.Mismatch):
        llama.create_adapter(method="svft", targets="nothing_like_it")
    with pytest.raises((svft.Unsupported, svft.InvalidArgument)):
        llama.create_adapter(method="magic")


def test_an_adapter_that_nobody_holds_stays_attached(llama, tales):
    llama.create_adapter(method="lora", r=2)
    gc.collect()
    assert len(llama.describe()["adapters"]) == 1
    llama.adapters[0].detach()
    assert llama.describe()["adapters"] == []


def test_groups_of_modules_are_compared_at_one_budget(llama, tales, tmp_path):
    request = dict(
        groups=["q_proj", "q_proj,v_proj"], budget=96, seeds=2, adapter={"pattern": "random"},
        steps=2, learning_rate=0.05, val_split=0.2)
    seen = []

    def stop(activity, done, left):
        seen.append(activity)
        return done < 0.3

    with pytest.raises(svft.Cancelled):
        llama.ablate(tales, tmp_path / "out", progress=stop, **request)
    assert any(activity.startswith("q_proj: group 1 of 2") for activity in seen)
    report = llama.ablate(tales, tmp_path / "out", **request)
    assert report["finished"] and report == json.loads((tmp_path / "out/ablation.json").read_text())
    assert [group["name"] for group in report["groups"]] == request["groups"]
    for group in report["groups"]:
        assert len(group["runs"]) == 2 and group["trainable"] == 96
        losses = [run["loss"] for run in group["runs"]]
        assert group["mean"]["loss"] == pytest.approx(np.mean(losses))
        assert group["spread"]["loss"] == pytest.approx(np.std(losses, ddof=1))
    svft.plot(tmp_path / "out" / "ablation.json", tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text() == (tmp_path / "out/ablation.svg").read_text()
    with pytest.raises(svft.Mismatch):
        llama.ablate(tales, tmp_path / "out", **{**request, "seeds": 1})
    assert llama.describe()["adapters"] == []
