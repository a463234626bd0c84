"""Read pictures: from files to the arrays that a base takes.

A reader does what transformers' image processors do, by their own file of settings, with Pillow:
theirs need torchvision. Pictures are kept as bytes, and become floating-point numbers in a batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.data import Dataset
from polyculture.core.errors import DataError, ModelError, RowError, need
from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.account import all_readable
from polyculture.stats.labels.logistic import log_probabilities
from polyculture.store.digest import of_file, of_json
from polyculture.store.home import home
from polyculture.store.weight_files import read_object

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from polyculture.nets.batch import Batch

FILE = "preprocessor_config.json"
CONFIG = "config.json"
WHITE = 255
PATCH = 64
"""Pixels that count as much as a token for the size of a batch: 8 by 8."""
WHOLE = 384
"""ConvNeXt: from this side on the whole picture is seen."""
BILINEAR = 2
"""The number that Pillow and transformers give this way to scale."""
OF_SHORTEST_EDGE = ("ConvNext", "CLIP", "ChineseCLIP", "Bit", "MobileNet", "PoolFormer")
"""Classes of transformers' readers to which one number is the shortest edge of a picture."""
SQUEEZED = (
    "pictures are first brought to one size and then cut to another, which is not read. Set "
    "do_center_crop to false and size to that of crop_size"
)
OF_ANY_SHAPE = (
    "pictures keep their shape, so they have no one size. Set do_center_crop to true, with a "
    "crop_size"
)
MODES = {1: "L", 3: "RGB"}
DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Pillow's names for numbers of more than 8 bits, which it would cut off."""
PURPOSE = "Reading pictures"


@dataclass(frozen=True, kw_only=True)
class PictureReader:
    """How a base reads a picture: size, channels and normalisation.

    Example:
        >>> reader = PictureReader(height=8, width=8, mean=(0.5,), deviation=(0.5,))
        >>> reader.numbers(np.array([[[0, 255]]], dtype=np.uint8)).tolist()
        [[[-1.0, 1.0]]]
    """

    height: int
    width: int
    mean: tuple[float, ...]
    """Of each channel, where white is 1: one for grey, three for red, green and blue."""
    deviation: tuple[float, ...]
    shortest: int | None = None
    """Pixels of the shorter side before the middle is cut out; None if the whole picture is
    brought to height and width."""
    resample: int = BILINEAR
    """How pixels are made of others, as Pillow numbers it."""

    @property
    def size(self) -> int:
        """What a picture adds to the size of a batch."""
        return max(1, self.height * self.width // PATCH)

    @classmethod
    def of_folder(cls, folder: Path) -> PictureReader:
        """The reader that a base's folder describes.

        Raises:
            ModelError: It describes none, or one that does something else to pictures.
        """
        file = folder / FILE
        if file.is_file():
            return _described(read_object(file), file)
        settings = read_object(folder / CONFIG)
        if "image_scale" not in settings:
            msg = f"{folder} has no {FILE}, which says how pictures go in. Save it into the folder."
            raise ModelError(msg)
        side, mean, scale = (settings[f"image_{name}"] for name in ("size", "mean", "scale"))
        return cls(
            height=side,
            width=side,
            mean=(mean / WHITE,) * 3,
            deviation=(scale / WHITE,) * 3,
        )

    def save_pretrained(self, folder: Path) -> None:
        """Write the settings, named as transformers' readers name them."""
        sides = {"height": self.height, "width": self.width}
        cut = {"do_center_crop": True, "crop_size": sides}
        kind = "ViT" if self.shortest is None else "CLIP"
        settings = {
            "image_processor_type": f"{kind}ImageProcessor",
            "do_resize": True,
            "size": sides if self.shortest is None else {"shortest_edge": self.shortest},
            **({} if self.shortest is None else cut),
            "resample": self.resample,
            "do_rescale": True,
            "rescale_factor": 1 / WHITE,
            "do_normalize": True,
            "image_mean": list(self.mean),
            "image_std": list(self.deviation),
        }
        (folder / FILE).write_text(json.dumps(settings, indent=1), encoding="utf-8")

    def open(self, path: Path) -> NDArray[np.uint8]:
        """A file's picture, ``(channels, height, width)``, from 0 to 255.

        Raises:
            DataError: The file is missing or holds no whole picture.
        """
        return self.pixels(opened_picture(path))

    def pixels(self, image: Any) -> NDArray[np.uint8]:
        """The same of a picture of Pillow's."""
        scaled = self._scaled(image.convert(MODES[len(self.mean)]))
        rows = np.asarray(scaled, dtype=np.uint8).reshape(self.height, self.width, -1)
        return rows.transpose(2, 0, 1).copy()

    def _scaled(self, image: Any) -> Any:
        if self.shortest is None:
            sides = (self.width, self.height)
            return image if image.size == sides else image.resize(sides, self.resample)
        scale = self.shortest / min(image.size)
        wide, high = (max(self.shortest, int(side * scale)) for side in image.size)
        left, top = (wide - self.width) // 2, (high - self.height) // 2
        whole = image.resize((wide, high), self.resample)
        return whole.crop((left, top, left + self.width, top + self.height))

    def numbers(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pixels ``(..., channels, height, width)`` as the network wants them."""
        mean, deviation = (
            np.array(values, dtype=np.float32)[:, None, None]
            for values in (self.mean, self.deviation)
        )
        shares = pixels.astype(np.float32) / np.float32(WHITE)
        return (shares - mean) / deviation


def _described(settings: Mapping[str, Any], file: Path) -> PictureReader:
    """The reader of transformers' settings; see ``PictureReader.of_folder``."""
    for name, usual in (("do_resize", True), ("do_rescale", True), ("rescale_offset", False)):
        if settings.get(name, usual) is not usual:
            msg = f"{file}: pictures are only read with {name!r} = {str(usual).lower()}."
            raise ModelError(msg)
    try:
        height, width, shortest = _sides(settings)
        mean, deviation = _levels(settings)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        msg = f"{file} does not say size, mean and deviation of pictures as transformers does."
        raise ModelError(msg) from error
    except ModelError as error:
        msg = f"{file}: {error}."
        raise ModelError(msg) from error
    channels = len(mean)
    if channels not in MODES or len(deviation) != channels or min(height, width) < 1:
        msg = (
            f"{file}: expected a size and 1 or 3 channels of pictures, got {height}×{width} and "
            f"{channels} channels."
        )
        raise ModelError(msg)
    return PictureReader(
        height=height,
        width=width,
        mean=mean,
        deviation=deviation,
        shortest=shortest,
        resample=int(settings.get("resample", BILINEAR)),
    )


def _sides(settings: Mapping[str, Any]) -> tuple[int, int, int | None]:
    """Height, width, and the shorter side before the middle is cut out, if it is.

    Older files write one number for a size; what it means depends on the class of the reader.
    """
    size, cut = settings["size"], settings.get("crop_size")
    if not isinstance(size, Mapping):
        kind = settings.get("image_processor_type") or settings.get("feature_extractor_type") or ""
        is_edge = "crop_pct" in settings or str(kind).startswith(OF_SHORTEST_EDGE)
        size = {"shortest_edge": size} if is_edge else {"height": size, "width": size}
    if cut is not None and not isinstance(cut, Mapping):
        cut = {"height": cut, "width": cut}
    if "shortest_edge" not in size:
        height, width = int(size["height"]), int(size["width"])
        if settings.get("do_center_crop") and cut != {"height": height, "width": width}:
            raise ModelError(SQUEEZED)
        return height, width, None
    shortest = int(size["shortest_edge"])
    if "crop_pct" in settings:  # ConvNeXt's readers see this share of small pictures
        whole = None if shortest >= WHOLE else int(shortest / settings["crop_pct"])
        return shortest, shortest, whole
    if not settings.get("do_center_crop", True):
        raise ModelError(OF_ANY_SHAPE)
    if cut is None:
        raise KeyError("crop_size")  # noqa: EM101  # told by the caller, like other missing settings
    return int(cut["height"]), int(cut["width"]), shortest


def _levels(settings: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel, where white is 1."""
    white = float(settings.get("rescale_factor", 1 / WHITE)) * WHITE
    if not settings.get("do_normalize", True):
        return (0.0,) * 3, (1 / white,) * 3
    mean, deviation = (
        tuple(float(value) / white for value in settings[name])
        for name in ("image_mean", "image_std")
    )
    return mean, deviation


def opened_picture(path: Path) -> Any:
    """A file's picture as a Pillow image, rotated by its EXIF data, transparency on white.

    Raises:
        DataError: The file is missing or holds no whole picture.
    """
    pillow = need("PIL.Image", extra="train", purpose=PURPOSE)
    from PIL import ImageOps

    try:
        with pillow.open(path) as image:
            image.load()
            turned = ImageOps.exif_transpose(image)
    except FileNotFoundError as error:
        msg = f"There is no picture {path}. Check the path."
        raise DataError(msg) from error
    except Exception as error:  # each format has errors of its own
        reason = " ".join(str(error).split()).rstrip(".")
        msg = f"{path} holds no picture that can be read: {reason}. Save it as PNG or JPEG."
        raise DataError(msg) from error
    if turned.mode in DEEP:
        msg = f"{path} has more than 8 bits a channel ({turned.mode}). Save it with 8."
        raise DataError(msg)
    if "A" not in turned.getbands() and "transparency" not in turned.info:
        return turned
    shown = turned.convert("RGBA")
    ground = pillow.new("RGBA", shown.size, "white")
    opaque = pillow.alpha_composite(ground, shown)
    return opaque.convert("L" if turned.mode == "LA" else "RGB")


def encode_pictures(
    rows: pl.DataFrame,
    reader: PictureReader,
    targets: Mapping[str, Sequence[NDArray[Any]]],
) -> Encoded:
    """One example a row, its picture as bytes.

    Args:
        rows: With ``id`` and ``image``, the path of a file.
        reader: The base's.
        targets: By name the right answer of each row; empty if unknown.

    Raises:
        RowError: A picture cannot be read.
    """
    examples = []
    for row, (item, path) in enumerate(rows.select("id", "image").iter_rows()):
        try:
            pixels = reader.open(Path(path))
        except DataError as error:
            raise RowError(str(error), where="the rows", item=item) from error
        known = {name: values[row] for name, values in targets.items()}
        examples.append(
            Example(row=row, inputs={"pixel_values": pixels}, size=reader.size, targets=known)
        )
    return Encoded(examples=examples, rows=len(rows))


def batch_pictures(examples: Sequence[Example], reader: PictureReader) -> Batch:
    """A batch of pictures; a target is an array of one shape, and counts where it is not -100."""
    import torch

    from polyculture.nets.batch import IGNORED, Batch
    from polyculture.nets.reading.padding import stacked

    pixels = np.stack([example.inputs["pixel_values"] for example in examples])
    targets = stacked([example.targets for example in examples])
    return Batch(
        inputs={"pixel_values": torch.from_numpy(reader.numbers(pixels))},
        targets=targets,
        rows=tuple(example.row for example in examples),
        count=int((targets["labels"] != IGNORED).sum()) if targets else 0,
        size=sum(example.size for example in examples),
    )


def shifted(pixels: NDArray[np.uint8], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A window as large as the picture, moved by up to a share of its sides; edges are repeated.

    Example:
        >>> picture = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
        >>> moved = shifted(picture, 0.25, np.random.default_rng(2))
        >>> moved.shape
        (1, 4, 4)
    """
    height, width = pixels.shape[-2:]
    most = [round(share * side) for side in (height, width)]
    top, left = (int(rng.integers(0, 2 * by + 1)) for by in most)
    wide = np.pad(pixels, ((0, 0), *((by, by) for by in most)), mode="edge")
    return wide[:, top : top + height, left : left + width]


def mirrored(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture or, in half of all draws, its mirror image."""
    return pixels[..., ::-1].copy() if rng.random() < 0.5 else pixels  # noqa: PLR2004  # half


def learned_reader(paths: Iterable[str], most: int) -> PictureReader:
    """A reader of pictures like some: as large as most of them are, with their mean and deviation.

    A picture that cannot be read is passed over here; its row is named when it is encoded.

    Args:
        paths: Pictures to learn from.
        most: Pixels a side at most.

    Raises:
        DataError: No picture can be read.
    """
    seen = all_readable(paths, _form_of, "pictures")  # opened twice: all at once may be many GB
    is_grey = all(mode in {"1", "L"} for _, mode, _ in seen)
    sides = np.median([size for _, _, size in seen], axis=0)
    width, height = (int(side) for side in np.ceil(sides * min(1.0, most / sides.max())))
    blank = (0.0,) * (1 if is_grey else 3)
    plain = PictureReader(height=height, width=width, mean=blank, deviation=(1.0,) * len(blank))
    pixels = np.stack([plain.pixels(opened_picture(path)) for path, _, _ in seen]) / WHITE
    mean, deviation = pixels.mean(axis=(0, 2, 3)), pixels.std(axis=(0, 2, 3))
    return PictureReader(
        height=height,
        width=width,
        mean=tuple(round(float(value), 4) for value in mean),
        deviation=tuple(round(max(float(value), 1 / WHITE), 4) for value in deviation),
    )


def _form_of(path: Path) -> tuple[Path, str, tuple[int, int]]:
    image = opened_picture(path)
    return path, image.mode, image.size


def logits_from_pixels(
    train: Iterable[str],
    paths: Iterable[str],
    known: Sequence[NDArray[Any]],
    *,
    side: int,
) -> list[NDArray[np.float64]]:
    """What logistic regression on the pixels of small grey pictures says, ``(labels,)`` each.

    Args:
        train: Pictures to learn from.
        paths: Pictures to answer.
        known: The code of each training picture; every label occurs.
        side: Pixels a side to which pictures are brought.
    """
    reader = PictureReader(height=side, width=side, mean=(0.0,), deviation=(1.0,))
    train_pixels, pixels = (
        np.stack([reader.open(Path(path)).ravel() / WHITE for path in part])
        for part in (train, paths)
    )
    return log_probabilities(train_pixels, known, pixels, purpose="The baseline of pixels")


def picture_dataset(
    name: str, pictures: Mapping[str, Sequence[tuple[NDArray[np.uint8], str]]]
) -> Dataset:
    """Grey pictures ``(height, width)`` with their labels, as files in the cache."""
    import polars as pl

    pillow = need("PIL.Image", extra="train", purpose=PURPOSE)
    splits, digests = {}, []
    for split, part in pictures.items():
        folder = home() / "pictures" / name / split
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{number}.png" for number in range(len(part))]
        for path, (pixels, _) in zip(paths, part, strict=True):
            pillow.fromarray(pixels).save(path)
        splits[split] = pl.DataFrame(
            {
                "id": [f"{split}-{number}" for number in range(len(part))],
                "image": [str(path) for path in paths],
                "label": [label for _, label in part],
            }
        )
        digests.append(
            [(label, of_file(path)) for path, (_, label) in zip(paths, part, strict=True)]
        )
    return Dataset(name=name, splits=splits, digest=of_json(digests), licence="Apache-2.0")
