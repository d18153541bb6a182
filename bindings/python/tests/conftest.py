"""The tiny models of Tests/Fixtures, and the trained ones where this machine has them."""

import os
import pathlib
import signal

import pytest

os.environ.setdefault("SVFT_CACHE", "")
import svft  # noqa: E402  (reads SVFT_CACHE)

# Shells start background jobs with Ctrl-C ignored, and children inherit that: the tests that press
# it would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "Tests" / "Fixtures"
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture
def llama():
    with svft.Model.load(FIXTURES / "llama", threads=1) as model:
        yield model


@pytest.fixture
def bert():
    with svft.Model.load(FIXTURES / "bert", threads=1) as model:
        yield model


@pytest.fixture
def tales():
    return FIXTURES / "tales.jsonl"


@pytest.fixture
def questions():
    return FIXTURES / "questions.jsonl"


@pytest.fixture
def shared():
    """A path in the shared data; skips (under CI: fails) where the folder is absent."""

    def path(relative):
        if not SHARED.exists():
            if os.environ.get("CI") == "true":
                pytest.fail("shared data is absent")
            pytest.skip("shared data is absent")
        return SHARED / relative

    return path
