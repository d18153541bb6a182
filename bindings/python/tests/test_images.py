"""Models of images through Python: pictures by path, by contents and as arrays; folders as data."""

import shutil

import numpy as np
import pytest
import svft

from conftest import FIXTURES

PICTURES = FIXTURES / "pictures"


@pytest.fixture
def vit():
    with svft.Model.load(FIXTURES / "vision" / "vit", threads=1) as model:
        yield model


def pixmap(path):
    """The pixels of a PPM file as an array."""
    header, size, largest, pixels = path.read_bytes().split(b"\n", 3)
    width, height = map(int, size.split())
    assert (header, largest) == (b"P6", b"255")
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


def test_pictures_come_by_path_by_contents_and_as_arrays(vit):
    path = PICTURES / "colors.ppm"
    found = vit.classify([path, str(path), path.read_bytes(), pixmap(path)])
    assert len(found) == 4 and all(entry == found[0] for entry in found)
    single = vit.classify(pixmap(path))
    assert single.label == found[0].label and single.score == pytest.approx(found[0].score)
    assert sum(single.scores.values()) == pytest.approx(1)
    assert np.array_equal(vit.embed(path), vit.embed([pixmap(path)])[0])


def test_png_and_jpeg_are_read(vit):
    vectors = vit.embed([PICTURES / "rgb.png", PICTURES / "colors.ppm", PICTURES / "colors.jpg"])
    assert np.array_equal(vectors[0], vectors[1]) and not np.array_equal(vectors[0], vectors[2])


def test_what_is_no_picture_is_refused(vit):
    for picture, error in [
            (b"text", svft.FormatError), ("none.png", svft.InputOutputError),
            (np.zeros((4, 4)), TypeError), (np.zeros((2, 4, 4, 3), np.uint8), TypeError)]:
        with pytest.raises(error):
            vit.classify([picture])
    with pytest.raises(svft.Unsupported, match="images"):
        vit.generate("a")


def test_a_folder_of_classes_is_learnt(vit, tmp_path):
    for name, picture in [("a", "rgb.png"), ("b", "colors.jpg")]:
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(4):
            shutil.copy(PICTURES / picture, tmp_path / "data" / name / f"{number}_{picture}")
    with svft.Model.load(FIXTURES / "vision" / "vit-body", threads=1) as model:
        adapter = model.create_adapter(method="lora", r=4)
        svft.Trainer(
            adapter, tmp_path / "data", epochs=10, batch_size=4, learning_rate=1e-2).run()
        assert model.evaluate(tmp_path / "data")["accuracy"] == 1
        assert [entry.label for entry in model.classify(
            [PICTURES / "rgb.png", PICTURES / "colors.jpg"])] == ["a", "b"]
