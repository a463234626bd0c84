"""Headers of safetensors files are read without the numbers; a broken one is one sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from polyculture.core.errors import ModelError, StoreError
from polyculture.store.runs import read_run
from polyculture.store.weight_files import header_of, stored_tensors


def written(path: Path, header: Any, numbers: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + numbers)
    return path


def test_names_shapes_and_formats_are_those_that_were_saved(tmp_path: Path) -> None:
    """Of every float format, of a scalar and of an empty tensor."""
    tensors = {
        "a": torch.zeros(2, 3),
        "b": torch.zeros((), dtype=torch.bfloat16),
        "c": torch.zeros(0, 4, dtype=torch.float16),
    }
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})

    found = stored_tensors(tmp_path)

    assert {name: (t.shape, t.dtype, t.size) for name, t in found.items()} == {
        "a": ((2, 3), "F32", 6),
        "b": ((), "BF16", 1),
        "c": ((0, 4), "F16", 0),
    }


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(
    "header",
    [
        [],
        5,
        {"a": 1},
        {"a": {}},
        {"a": {**ENTRY, "data_offsets": [0]}},
        {"a": {**ENTRY, "shape": 1}},
    ],
    ids=str,
)
def test_a_header_of_another_form_is_one_sentence(header: Any, tmp_path: Path) -> None:
    """Whatever JSON it is."""
    file = written(tmp_path / "model.safetensors", header, b"1234")

    with pytest.raises(ModelError, match="its header cannot be read"):
        header_of(file)


def test_every_way_to_cut_a_file_is_told(tmp_path: Path) -> None:
    """At any byte."""
    whole = written(tmp_path / "model.safetensors", {"a": ENTRY}, b"1234").read_bytes()
    file = tmp_path / "cut.safetensors"
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"is empty|cannot be read|is cut off"):
            header_of(file)
    file.write_bytes(whole)

    assert header_of(file)["a"].shape == (1,)


def test_a_record_that_is_nested_too_deeply_is_one_sentence(tmp_path: Path) -> None:
    """As is one that is no JSON, or no object."""
    for text in ("[" * 100_000, "{", "[]", '"run"', "\ud800"):
        (tmp_path / "run.json").write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(StoreError, match=r"The run .* is damaged: .*run\.json") as told:
            read_run(tmp_path)
        assert len(str(told.value).splitlines()) == 1


def test_a_folder_that_is_no_run_is_told_apart_from_none(tmp_path: Path) -> None:
    """The path may be wrong, or the folder."""
    with pytest.raises(StoreError, match=r"there is no run\.json in it"):
        read_run(tmp_path)
    with pytest.raises(StoreError, match="there is no such folder"):
        read_run(tmp_path / "none")
