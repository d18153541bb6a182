"""What every call keeps: other threads go on, Ctrl-C ends it, arguments arrive whole."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import svft
from svft import _library

GREEDY = {"temperature": 0, "max_tokens": 12, "ignores_end": True}
ENDLESS = {"steps": 10**6, "steps_per_report": 10**6, "save_every": 20}


def wait_for_checkpoint(folder):
    """Returns once training is under way, or after a minute."""
    for _ in range(6000):
        if list(folder.glob("checkpoint-*")):
            return
        time.sleep(0.01)


def test_other_threads_run_while_the_library_computes(llama):
    begin = time.perf_counter()
    worker = threading.Thread(
        target=llama.bench, kwargs={"prompt": 64, "decode": 32, "repeats": 60, "train": 0})
    worker.start()
    gaps, last = [0.0], begin
    while worker.is_alive():
        now = time.perf_counter()
        gaps.append(now - last)
        last = now
    # A call that kept the interpreter would be one gap.
    assert max(gaps) < (time.perf_counter() - begin) / 2


def test_models_compute_side_by_side(llama):
    path = llama.describe()["path"]
    wanted = llama.generate("The lamp", **GREEDY)
    texts = []

    def work():
        with svft.Model.load(path, threads=1) as model:
            texts.extend(model.generate("The lamp", **GREEDY) for _ in range(5))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert texts == [wanted] * 20


def test_a_model_in_use_is_busy_for_other_threads(llama):
    found = []
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                llama.describe()
            except svft.Busy as error:
                found.append(error)
                stop.set()

    asker = threading.Thread(target=ask)
    asker.start()
    for _ in range(1000):
        try:
            llama.generate("The", **GREEDY)
        except svft.Busy:
            pass
        if stop.is_set():
            break
    stop.set()
    asker.join()
    assert found and found[0].status == 12


def test_ctrl_c_ends_training_that_never_reports(llama, tales, tmp_path):
    trainer = svft.Trainer(llama.create_adapter(method="lora", r=2), tales, output=tmp_path,
                           **ENDLESS)

    def press():
        wait_for_checkpoint(tmp_path)
        os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    presser.join()
    step = trainer.describe()["step"]
    assert step > 0 and (tmp_path / f"checkpoint-{step}").is_dir()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert llama.generate("The", **GREEDY)


def test_ctrl_c_ends_a_whole_program_after_a_checkpoint(llama, tales, tmp_path):
    program = (
        "import svft, sys\n"
        "model = svft.Model.load(sys.argv[1], threads=1)\n"
        "adapter = model.create_adapter(method='lora', r=2)\n"
        "print('started', flush=True)\n"
        f"svft.Trainer(adapter, sys.argv[2], output=sys.argv[3], **{ENDLESS!r}).run()\n")
    command = [sys.executable, "-c", program, llama.describe()["path"], tales, tmp_path]
    with subprocess.Popen(
            list(map(str, command)), text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == "started\n"
        wait_for_checkpoint(tmp_path)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT and "KeyboardInterrupt" in errors
    assert list(tmp_path.glob("checkpoint-*"))


def test_a_handler_of_the_programs_own_is_left_alone(llama):
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    try:
        llama.generate("The", on_token=lambda *_: os.kill(os.getpid(), signal.SIGINT), **GREEDY)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen


def test_ids_come_as_lists_and_arrays_of_any_width(llama):
    ids = llama.tokenize("The lamp shone")
    wanted = llama.logits(ids)
    for dtype in (np.int32, np.int64, np.uint16):
        assert np.array_equal(llama.logits(np.array(ids, dtype=dtype)), wanted)
        assert llama.detokenize(np.array(ids, dtype=dtype)) == "The lamp shone"
    assert np.array_equal(llama.logits(tuple(ids)), wanted)
    assert np.array_equal(llama.logits(np.array(ids * 2)[::2]), llama.logits((ids * 2)[::2]))
    assert llama.logits([]).shape == (0, 408) and llama.detokenize([]) == ""
    for wrong in ([1.5], np.ones((2, 2), dtype=np.int32), [2**40], ["1"]):
        with pytest.raises(svft.InvalidArgument, match="ids"):
            llama.logits(wrong)


def test_text_with_a_zero_byte_is_refused_and_not_cut(llama):
    for call in (llama.tokenize, llama.generate, llama.embed, svft.inspect):
        with pytest.raises(svft.InvalidArgument, match="zero byte"):
            call("The\0lamp")


@pytest.mark.parametrize("options", [
    {"max_tokens": 2**32 + 5}, {"seed": -1}, {"top_k": 2**31}, {"stop_tokens": [2**33]},
])
def test_numbers_that_a_field_cannot_hold_are_not_wrapped(llama, options):
    with pytest.raises(svft.InvalidArgument):
        llama.generate("The", **options)


def test_options_take_what_numbers_numpy_has(llama, tales):
    wanted = llama.generate("The", **GREEDY)
    assert llama.generate(
        "The", max_tokens=np.int64(12), temperature=np.float32(0), ignores_end=True) == wanted
    with pytest.raises(TypeError, match="max_tokens|integer"):
        llama.generate("The", max_tokens=1.5)
    for caller in (
            lambda **options: llama.generate("The", **options),
            lambda **options: svft.Trainer(llama.create_adapter(), tales, **options)):
        with pytest.raises(TypeError, match="struct_size"):
            caller(struct_size=8)
    with pytest.raises(svft.InvalidArgument, match="threads"):
        svft.Model.load(llama.describe()["path"], threads=2**32 + 1)


def test_notes_of_the_library_come_to_the_log(llama, tales, tmp_path):
    notes = []
    svft.set_log(lambda level, text: notes.append((level, text)))
    try:
        svft.Trainer(
            llama.create_adapter(method="lora"), tales, output=tmp_path / "new", resume=True)
    finally:
        svft.set_log(None)
    assert any(level == 2 and "no checkpoint" in text for level, text in notes)
    svft.Trainer(
        llama.create_adapter(method="lora"), tales, output=tmp_path / "other", resume=True)
    assert len([text for _, text in notes if "no checkpoint" in text]) == 1


def test_every_method_of_the_package_is_called_by_a_test():
    tests = "".join(
        path.read_text() for path in pathlib.Path(__file__).parent.glob("test_*.py"))
    public = [
        name for kind in (svft.Model, svft.Adapter, svft.Trainer) for name in dir(kind)
        if not name.startswith("_")]
    public += [name for name in svft.__all__ if name.islower()]
    missing = [name for name in public if not re.search(rf"\.{name}\b", tests)]
    assert not missing


def test_errors_of_hosts_may_derive_from_ours():
    class Mine(svft.Cancelled):
        pass

    assert Mine.status == 14 and _library.BY_STATUS[14] is svft.Cancelled


def test_an_adapter_closed_while_its_model_is_in_use_goes_when_the_call_ends(llama):
    base = llama.logits([1, 2, 3])
    adapter = llama.create_adapter("lora", r=2, init="gaussian")
    llama.generate("The", **GREEDY, on_token=lambda *given: adapter.close())
    assert not llama.adapters and not llama.describe().get("adapters")
    assert (llama.logits([1, 2, 3]) == base).all()
