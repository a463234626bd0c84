"""Pictures are read as transformers' own readers read them, and what cannot be read is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from polyculture.core.errors import DataError, ModelError
from polyculture.nets.reading.pictures import (
    PictureReader,
    learned_reader,
    mirrored,
    opened_picture,
    shifted,
)

EXACT = {
    "do_resize": True,
    "size": {"height": 12, "width": 10},
    "rescale_factor": 1 / 255,
    "image_mean": [0.5, 0.4, 0.3],
    "image_std": [0.2, 0.3, 0.4],
}
CUT = {**EXACT, "size": {"shortest_edge": 14}, "crop_size": {"height": 12, "width": 10}}


def written(folder: Path, settings: dict[str, Any]) -> Path:
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def photo(folder: Path, size: tuple[int, int] = (31, 24)) -> Path:
    """A picture in colour that is not square."""
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    return folder / "photo.png"


@pytest.mark.parametrize(
    ("kind", "name", "settings"),
    [("vit", "ViTImageProcessorPil", EXACT), ("clip", "CLIPImageProcessorPil", CUT)],
)
def test_numbers_are_those_of_transformers(
    kind: str, name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    """The whole picture scaled, or its middle cut out; then mean and deviation of each channel."""
    from importlib import import_module

    module = import_module(f"transformers.models.{kind}.image_processing_pil_{kind}")
    theirs = getattr(module, name)(**settings, resample=2)
    reader = PictureReader.of_folder(written(tmp_path, settings))

    seen = reader.numbers(reader.open(photo(tmp_path)))

    expected = theirs(Image.open(tmp_path / "photo.png"))["pixel_values"][0]
    assert seen.shape == (3, 12, 10)
    np.testing.assert_allclose(seen, np.asarray(expected), atol=1e-4)


@pytest.mark.parametrize("settings", [EXACT, CUT])
def test_a_saved_reader_reads_alike(settings: dict[str, Any], tmp_path: Path) -> None:
    """Its settings are named as transformers names them."""
    reader = PictureReader.of_folder(written(tmp_path, settings))

    reader.save_pretrained(tmp_path)

    again = PictureReader.of_folder(tmp_path)
    path = photo(tmp_path)
    np.testing.assert_allclose(
        again.numbers(again.open(path)), reader.numbers(reader.open(path)), atol=1e-6
    )


def test_small_pictures_of_convnext_are_seen_by_a_share(tmp_path: Path) -> None:
    """224 of 256 pixels; larger ones are seen whole."""
    shares = {**EXACT, "crop_pct": 0.875}
    small, large = (
        PictureReader.of_folder(written(tmp_path, shares | {"size": {"shortest_edge": side}}))
        for side in (224, 384)
    )

    assert (small.height, small.shortest) == (224, 256)
    assert (large.height, large.shortest) == (384, None)


@pytest.mark.parametrize(
    ("size", "more", "sides"),
    [
        (224, {}, (224, 224, None)),
        (224, {"crop_pct": 0.875}, (224, 224, 256)),
        (
            384,
            {"image_processor_type": "ConvNextFeatureExtractor", "crop_pct": 0.9},
            (384, 384, None),
        ),
        (
            224,
            {"feature_extractor_type": "CLIPFeatureExtractor", "crop_size": 224},
            (224, 224, 224),
        ),
        (256, {"image_processor_type": "BitImageProcessor", "crop_size": 224}, (224, 224, 256)),
        ({"shortest_edge": 256}, {"crop_size": 224}, (224, 224, 256)),
    ],
)
def test_one_number_is_a_square_or_the_shortest_edge(
    size: Any, more: dict[str, Any], sides: tuple[int, int, int | None], tmp_path: Path
) -> None:
    """As older files of settings write it; the class says which."""
    reader = PictureReader.of_folder(written(tmp_path, {**EXACT, "size": size, **more}))

    assert (reader.height, reader.width, reader.shortest) == sides


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (
            {**EXACT, "size": 256, "crop_size": 224, "do_center_crop": True},
            "first brought to one size and then cut to another",
        ),
        (
            {**EXACT, "size": {"shortest_edge": 256}, "do_center_crop": False},
            "pictures keep their shape",
        ),
        ({}, "does not say size, mean and deviation"),
        ({**EXACT, "image_mean": [0.5, 0.5]}, "1 or 3 channels"),
        ({**EXACT, "do_rescale": False}, "only read with 'do_rescale' = true"),
    ],
)
def test_other_ways_to_read_are_refused(
    settings: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    """A picture that is seen otherwise than in training is answered at random."""
    with pytest.raises(ModelError, match=reason):
        PictureReader.of_folder(written(tmp_path, settings))


def test_what_is_no_picture_is_told_by_name(tmp_path: Path) -> None:
    """A text, half a file, and nothing at all."""
    (tmp_path / "text.png").write_text("not a picture", encoding="utf-8")
    whole = photo(tmp_path).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])

    for name, reason in (
        ("text.png", r"text\.png holds no picture that can be read"),
        ("half.png", r"half\.png holds no picture that can be read"),
        ("none.png", r"There is no picture .*none\.png"),
    ):
        with pytest.raises(DataError, match=reason):
            opened_picture(tmp_path / name)


def test_deep_pictures_are_refused_and_not_cut_off(tmp_path: Path) -> None:
    """Pillow would make white of everything above 255."""
    Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16)).save(tmp_path / "deep.png")

    with pytest.raises(DataError, match="more than 8 bits a channel"):
        opened_picture(tmp_path / "deep.png")


def test_a_turned_photo_is_turned_back_and_glass_lies_on_white(tmp_path: Path) -> None:
    """As the camera says; what one sees through is neither black nor random."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    Image.new("RGB", (8, 4)).save(tmp_path / "turned.jpg", exif=exif)
    Image.new("RGBA", (2, 2), (0, 0, 0, 0)).save(tmp_path / "glass.png")

    assert opened_picture(tmp_path / "turned.jpg").size == (4, 8)
    assert opened_picture(tmp_path / "glass.png").getpixel((0, 0)) == (255, 255, 255)


def test_a_reader_is_learnt_from_pictures(tmp_path: Path) -> None:
    """Grey stays grey, the size is theirs up to a limit, and numbers have mean 0."""
    paths = []
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (30, 40), dtype=np.uint8)
        paths.append(str(tmp_path / f"{number}.png"))
        Image.fromarray(pixels).save(paths[-1])

    reader = learned_reader(paths, 20)

    assert (reader.height, reader.width, len(reader.mean)) == (15, 20, 1)
    seen = np.stack([reader.numbers(reader.open(Path(path))) for path in paths])
    assert abs(float(seen.mean())) < 0.01
    assert float(seen.std()) == pytest.approx(1, abs=0.01)


def test_moved_pictures_keep_their_size_and_repeat_their_edges() -> None:
    """Nothing is black that was not; a mirror image is its own mirror image's picture."""
    rng = np.random.default_rng(1)
    picture = rng.integers(1, 256, (3, 8, 6), dtype=np.uint8)

    found = [shifted(picture, 0.25, rng) for _ in range(20)]

    assert all(one.shape == picture.shape and one.min() > 0 for one in found)
    assert any(not np.array_equal(one, picture) for one in found)
    sides = {mirrored(picture, rng).tobytes() for _ in range(20)}
    assert sides == {picture.tobytes(), picture[..., ::-1].tobytes()}
