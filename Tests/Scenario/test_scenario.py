"""One scenario through the four doors: equal ids, losses, adapter and model bytes.

scenario.json has the values. Each door takes them its own way (Swift and C are programs of this
folder, Python and the command line are here), on 1, 2, 3 and 5 threads, and leaves report.txt, run/
and merged.gguf in a folder; all must equal those of the Swift API on one thread. `make
test-scenario` builds what is needed.
"""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

os.environ.setdefault("SVFT_CACHE", "")
import svft  # noqa: E402  (reads SVFT_CACHE)

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "Fixtures"
BUILD = pathlib.Path(os.environ.get("SVFT_BUILD", HERE.parents[1] / "build"))
SCENARIO = json.loads((HERE / "scenario.json").read_text())
PRODUCTS = (
    "report.txt", "run/adapter_model.safetensors", "run/adapter_config.json", "merged.gguf")
# Long flags of the command line whose names are those of other command lines.
FLAGS = {
    "max_tokens": "predict", "temperature": "temp", "repetition_penalty": "repeat-penalty"}


def _run(*command, **environment):
    done = subprocess.run(
        [str(part) for part in command], env={**os.environ, **environment}, text=True,
        capture_output=True, timeout=120)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stderr}"
    return done.stdout


def swift(threads, out):
    _run(BUILD / "scenario/swift", HERE / "scenario.json", FIXTURES, threads, out)


def c(threads, out):
    (out / "scenario.h").write_text(_header())
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))))
    _run(
        compiler, "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{out}",
        f"-I{BUILD}/include", "-o", out / "scenario", HERE / "scenario.c", f"-L{BUILD}/lib",
        "-lsvft")
    _run(out / "scenario", FIXTURES, threads, out, LD_LIBRARY_PATH=str(BUILD / "lib"))


def _header():
    """scenario.json as macros of C: texts, and lists of options that a macro sets."""
    lines = []
    for name, value in SCENARIO.items():
        if name in ("training", "generation"):
            settings = " ".join(f"SET({key}, {json.dumps(v)})" for key, v in value.items())
            lines.append(f"#define SCENARIO_{name.upper()}(SET) {settings}")
        elif isinstance(value, list) and isinstance(value[0], str):
            lines.append(f"#define SCENARIO_{name.upper()} {{{json.dumps(value)[1:-1]}}}")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            lines.append(f"#define SCENARIO_{name.upper()} {json.dumps(text)}")
    return "\n".join(lines) + "\n"


def python(threads, out):
    lines, ids, answer = [], [[] for _ in SCENARIO["prompts"]], []

    def reported(progress):
        if progress.event == "step":
            lines.append(f"loss {progress.step} {progress.loss:.17g}")
        if progress.validation_loss is not None:
            lines.append(f"validation {progress.step} {progress.validation_loss:.17g}")

    with svft.Model.load(
            FIXTURES / SCENARIO["model"], quantize=SCENARIO["quantize"], threads=threads,
            cache_folder=out / "cache") as model:
        model.factor(SCENARIO["targets"])
        adapter = model.create_adapter(**SCENARIO["adapter"])
        svft.Trainer(
            adapter, FIXTURES / SCENARIO["data"], output=out / "run",
            **SCENARIO["training"]).run(reported)
        figures = model.evaluate(FIXTURES / SCENARIO["evaluation"])
        texts = model.generate(
            SCENARIO["prompts"], on_token=lambda index, token, _: ids[index].append(token),
            **SCENARIO["generation"])
        texts.append(model.generate(
            messages=SCENARIO["conversation"],
            on_token=lambda _, token, __: answer.append(token), **SCENARIO["generation"]))
        model.save(out / "merged.gguf", format=SCENARIO["merged"])
    _write(out, lines, figures, zip([*ids, answer], texts))


def tool(threads, out):
    def svft_tool(command, *arguments, adapter=True):
        common = ["--model", FIXTURES / SCENARIO["model"], "--quant", SCENARIO["quantize"]]
        common += ["--threads", threads, *(["--adapter", out / "run"] if adapter else [])]
        return json.loads(_run(
            BUILD / "bin/svft", command, *common, "--json", *arguments, SVFT_CACHE=str(out / "c")))

    svft_tool("factor", "--targets", SCENARIO["targets"], adapter=False)
    request = dict(SCENARIO["adapter"])
    svft_tool(
        "train", "--data", FIXTURES / SCENARIO["data"], "--output", out / "run",
        "--method", request.pop("method"), "--targets", ",".join(request.pop("targets")),
        "--options", json.dumps(request), *_flags("training"), adapter=False)
    lines = []
    for record in map(json.loads, (out / "run/metrics.jsonl").read_text().splitlines()):
        if record["event"] == "step":
            lines.append(f"loss {record['step']} {record['loss']:.17g}")
        if "validation_loss" in record:
            lines.append(f"validation {record['step']} {record['validation_loss']:.17g}")
    figures = svft_tool("eval", "--data", FIXTURES / SCENARIO["evaluation"])
    prompts = [part for prompt in SCENARIO["prompts"] for part in ("--prompt", prompt)]
    (out / "talk.json").write_text(json.dumps(SCENARIO["conversation"]))
    results = [
        result for source in (prompts, ["--messages", out / "talk.json"])
        for result in svft_tool("generate", *source, *_flags("generation"))["results"]]
    svft_tool("merge", "--output", out / "merged.gguf", "--to", SCENARIO["merged"])
    _write(out, lines, figures, ((result["tokens"], result["text"]) for result in results))


def _flags(group):
    return [
        f"--{FLAGS.get(name, name.replace('_', '-'))}={value}"
        for name, value in SCENARIO[group].items()]


def _write(out, lines, figures, results):
    lines = [*lines, f"evaluation {figures['loss']:.17g} {figures['accuracy']:.17g}"]
    for ids, text in results:
        lines += [" ".join(map(str, ["ids", *ids])), f"text {text}"]
    (out / "report.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """What the Swift API gives on one thread."""
    folder = tmp_path_factory.mktemp("swift-1")
    swift(1, folder)
    return folder


@pytest.mark.parametrize("threads", (1, 2, 3, 5))
@pytest.mark.parametrize("door", (swift, c, python, tool), ids=lambda door: door.__name__)
def test_every_door_gives_the_same(door, threads, reference, tmp_path):
    door(threads, tmp_path)
    found, expected = ((folder / "report.txt").read_text() for folder in (tmp_path, reference))
    where = f"the door {door.__name__} on {threads} threads"
    assert found.splitlines() == expected.splitlines(), f"{where}: another report"
    different = [
        name for name in PRODUCTS
        if (tmp_path / name).read_bytes() != (reference / name).read_bytes()]
    assert not different, f"{where}: other bytes in {', '.join(different)}"


def test_the_scenario_learns_and_says_something(reference):
    lines = [line.split(" ") for line in (reference / "report.txt").read_text().splitlines()]
    losses = [float(line[2]) for line in lines if line[0] == "validation"]
    assert len(losses) >= 3 and losses[-1] < losses[0]
    ids = [line[1:] for line in lines if line[0] == "ids"]
    assert len(ids) == len(SCENARIO["prompts"]) + 1 and all(len(each) > 3 for each in ids)
