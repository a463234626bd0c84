"""Clips are heard as transformers' own readers hear them, and what cannot be heard is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile
from transformers import Wav2Vec2FeatureExtractor, WhisperFeatureExtractor

from polyculture.core.clip_changes import ClipChanges
from polyculture.core.errors import DataError, ModelError, RowError
from polyculture.core.task import Context, Inventory
from polyculture.nets.reading.sounds.clips import SoundReader, learned_reader, waves_of
from polyculture.nets.reading.sounds.examples import (
    changed,
    clip_example,
    clip_inputs,
    encode_clips,
)
from polyculture.nets.reading.sounds.files import opened_clip
from polyculture.nets.reading.sounds.letters import read_letters_file, write_letters_file
from polyculture.nets.reading.sounds.spectrogram import log_mel

WAVE = (np.random.default_rng(1).normal(size=7_000) * 0.1 * np.sin(np.arange(7_000) / 300)).astype(
    np.float32
)


def described(folder: Path, theirs: Any) -> SoundReader:
    """The reader of what transformers' own wrote."""
    theirs.save_pretrained(folder)
    return SoundReader.of_folder(folder)


def written(path: Path, wave: Any = WAVE, rate: int = 8_000, **form: str) -> Path:
    soundfile.write(path, wave, rate, **form)
    return path


@pytest.mark.parametrize("samples", [7_000, 2_000, 100])
def test_frames_are_those_of_whisper(samples: int, tmp_path: Path) -> None:
    """Also where the silence behind a clip is filled in when its batch is made."""
    theirs = WhisperFeatureExtractor(chunk_length=1)
    reader = described(tmp_path, theirs)
    wave = WAVE[:samples]

    example = clip_example(0, wave, reader, {})
    found = clip_inputs([example], reader)

    expected = theirs(wave, sampling_rate=16_000, return_tensors="np").input_features
    assert (*found,) == ("input_features",)
    assert found["input_features"].shape == (1, 80, 100)
    np.testing.assert_allclose(found["input_features"].numpy(), expected, atol=2e-5)
    assert example.size == 50


def test_a_clip_that_fills_the_window_of_whisper_is_heard_to_its_end(tmp_path: Path) -> None:
    """Its last frames mirror what is there, since no silence follows."""
    theirs = WhisperFeatureExtractor(chunk_length=1)
    reader = described(tmp_path, theirs)
    wave = np.resize(WAVE, 16_000)

    found = clip_inputs([clip_example(0, wave, reader, {})], reader)

    expected = theirs(wave, sampling_rate=16_000, return_tensors="np").input_features
    np.testing.assert_allclose(found["input_features"].numpy(), expected, atol=2e-5)


@pytest.mark.parametrize("masks", [True, False])
def test_waves_are_those_of_wav2vec2(masks: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Brought to one level, padded with zeros, with a mask.

    Where theirs makes no mask it is given one clip alone: it takes the level of clip and padding
    together, and the base would hear the padding.
    """
    theirs = Wav2Vec2FeatureExtractor(return_attention_mask=masks)
    reader = described(tmp_path, theirs)
    waves = [WAVE, WAVE[:3_000]] if masks else [WAVE]

    found = clip_inputs([clip_example(0, wave, reader, {}) for wave in waves], reader)

    expected = theirs(waves, sampling_rate=16_000, padding=True, return_tensors="np")
    assert {*found} == {"input_values", "attention_mask"} >= {*expected}
    for name, values in expected.items():
        np.testing.assert_allclose(found[name].numpy(), values, atol=1e-5)


def test_a_reader_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    """Settings and letters, the space and the blank among them."""
    clips = [str(written(tmp_path / f"{n}.wav", WAVE[n * 500 :])) for n in range(3)]
    reader = learned_reader(clips)
    spells = SoundReader(**{**vars(reader), "letters": ("a", "|", " ", "é", "")})

    spells.save_pretrained(tmp_path)

    assert SoundReader.of_folder(tmp_path) == spells
    assert reader.rate == 8_000
    assert reader.settings["feature_size"] == 40


def test_letters_of_a_wav2vec2_are_read(tmp_path: Path) -> None:
    """With names of its own for the blank; a vocabulary of whole words is none of letters."""
    (tmp_path / "vocab.json").write_text(json.dumps({"|": 1, "[PAD]": 0, "E": 3, "<s>": 2}))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"pad_token": "[PAD]"}))

    assert read_letters_file(tmp_path) == ("", " ", "<s>", "E")
    write_letters_file(("x", ""), tmp_path)
    assert read_letters_file(tmp_path) == ("x", "")
    (tmp_path / "merges.txt").write_text("a b")
    assert read_letters_file(tmp_path) == ()


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_formats_channels_and_rates_are_brought_to_one(suffix: str, tmp_path: Path) -> None:
    """Two channels become their mean; 8,000 samples a second become 16,000."""
    tone = (0.5 * np.sin(np.arange(4_000) / 5)).astype(np.float32)
    path = written(tmp_path / f"clip.{suffix}", np.stack([tone, np.zeros_like(tone)], axis=1))

    (wave,) = waves_of(pl.DataFrame({"id": ["1"], "audio": [str(path)]}), 16_000)

    assert abs(len(wave) - 8_000) < 40
    assert np.abs(wave[::2][500:3_500] - tone[500:3_500] / 2).max() < 0.03


def test_a_part_of_a_longer_clip_is_read(tmp_path: Path) -> None:
    """From the second ``start`` to the second ``end`` of the file."""
    path = written(tmp_path / "long.wav", subtype="FLOAT")

    wave, rate = opened_clip(path, start=0.25, end=0.5)

    assert rate == 8_000
    np.testing.assert_array_equal(wave, WAVE[2_000:4_000])
    rows = pl.DataFrame({"id": ["1"], "audio": [str(path)], "start": [0.25], "end": [0.5]})
    np.testing.assert_array_equal(next(iter(waves_of(rows, 8_000))), wave)
    for start, end in ((0.5, 0.25), (-1.0, 0.5), (0.0, 2.0), (0.9, 0.9)):
        with pytest.raises(DataError, match=r"is 0\.88 s long, but the clip goes from"):
            opened_clip(path, start=start, end=end)


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    """Missing, empty, no sound, cut off, not a number: one sentence with the name of the file."""
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("hello", encoding="utf-8")
    written(tmp_path / "nothing.wav", np.zeros(0))
    written(tmp_path / "nan.wav", np.array([0.0, np.nan]), subtype="FLOAT")
    whole = written(tmp_path / "whole.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(whole[:40])
    wav = written(tmp_path / "whole.wav", subtype="PCM_16").read_bytes()
    (tmp_path / "half.wav").write_bytes(wav[: len(wav) // 2])
    noise = np.random.default_rng(1).normal(scale=0.1, size=16_000)
    longer = written(tmp_path / "whole.mp3", noise).read_bytes()
    (tmp_path / "half.mp3").write_bytes(longer[: len(longer) // 2])

    for name, reason in (
        ("none.wav", r"There is no clip .*none\.wav"),
        ("empty.wav", r"empty\.wav holds no sound that can be read"),
        ("text.wav", r"text\.wav holds no sound that can be read: Format not recognised\. Save"),
        ("cut.flac", r"cut\.flac holds no s"),
        ("half.mp3", r"half\.mp3 is cut off after 0\.\d+ s\. Copy the file again"),
        ("half.wav", r"half\.wav is cut off after 0\.4\d s\. Copy the file again"),
        ("nothing.wav", r"nothing\.wav holds no sample"),
        ("nan.wav", r"nan\.wav holds samples that are NaN or infinite"),
    ):
        rows = pl.DataFrame({"id": ["row 7"], "audio": [str(tmp_path / name)]})
        with pytest.raises(RowError, match=reason) as found:
            [*waves_of(rows, 8_000)]
        assert found.value.item == "row 7"


def test_an_mp3_without_a_table_of_its_frames_is_not_taken_for_cut_off(tmp_path: Path) -> None:
    """Its length is estimated by its first frames, of silence here, and too large."""
    wave = np.concatenate([np.zeros(44_100), np.random.default_rng(1).normal(size=100_000) / 4])
    path = tmp_path / "table.mp3"
    soundfile.write(path, wave, 44_100, bitrate_mode="VARIABLE", compression_level=0.1)
    content = path.read_bytes()
    head = content[:4]
    second = content.index(head[:2], 4)
    (tmp_path / "none.mp3").write_bytes(content[second:])
    assert b"Xing" in content[:second]

    read, rate = opened_clip(tmp_path / "none.mp3")

    assert rate == 44_100
    assert abs(len(read) - len(wave)) < 4 * 1_152


def test_a_flac_that_does_not_know_its_length_is_refused(tmp_path: Path) -> None:
    """As programs write it into a pipe, its 36 bits of total samples are 0."""
    content = bytearray(written(tmp_path / "whole.flac").read_bytes())
    content[21] &= 0xF0  # behind "fLaC", the head of a block, and sizes and rate of STREAMINFO
    content[22:26] = bytes(4)
    (tmp_path / "piped.flac").write_bytes(content)

    with pytest.raises(DataError, match=r"piped\.flac does not say how long it is.*Convert it"):
        opened_clip(tmp_path / "piped.flac")


@pytest.mark.parametrize("promised", [2**32 - 1, 2**31 - 1 - 36])
def test_a_wav_that_does_not_know_its_length_is_not_taken_for_cut_off(
    promised: int, tmp_path: Path
) -> None:
    """As programs write it into a pipe; a chunk with a list of words may stand before the sound."""
    whole = written(tmp_path / "whole.wav", subtype="PCM_16").read_bytes()
    words = b"LIST" + (3).to_bytes(4, "little") + b"abc" + b"\0"
    content = bytearray(whole[:36] + words + whole[36:])
    place = content.index(b"data") + 4
    content[place : place + 4] = promised.to_bytes(4, "little")
    (tmp_path / "piped.wav").write_bytes(content)

    wave, _ = opened_clip(tmp_path / "piped.wav")

    assert len(wave) == len(WAVE)


def test_what_is_too_long_is_cut_and_counted(tmp_path: Path) -> None:
    """At what the base hears, or at what the recipe wants."""
    paths = [written(tmp_path / "a.wav"), written(tmp_path / "b.wav", WAVE[:1_000])]
    reader = learned_reader([str(path) for path in paths])
    rows = pl.DataFrame({"id": ["a", "b"], "audio": [str(path) for path in paths]})
    context = Context(settings=None, inventory=Inventory(), reader=reader, longest=20)

    encoded = encode_clips(rows, context, {})

    assert encoded.notes == ("1 of 2 clips were cut at 0.4 s.",)
    assert encoded.protocol == {"cut_clips": 1}
    assert encoded.sizes.tolist() == [20, 7]
    assert (reader.longest(None), reader.longest(20)) == (1_500, 20)


@pytest.mark.parametrize("kind", ["wave", "frames", "whisper"])
def test_a_clip_is_changed_as_the_generator_says(kind: str, tmp_path: Path) -> None:
    """In time, loudness, and what is hidden; its shape and, where nothing is asked, it stay."""
    theirs = {"wave": Wav2Vec2FeatureExtractor(), "whisper": WhisperFeatureExtractor()}
    reader = (
        learned_reader([str(written(tmp_path / "a.wav"))])
        if kind == "frames"
        else described(tmp_path, theirs[kind])
    )
    example = clip_example(0, WAVE, reader, {})
    name = reader.input_name

    def drawn(seed: int, **chosen: float) -> Any:
        context = Context(settings=ClipChanges(**chosen), inventory=Inventory(), reader=reader)
        return changed(example, context, np.random.default_rng(seed)).inputs[name]

    np.testing.assert_array_equal(drawn(1), example.inputs[name])
    for chosen in ({"shift": 0.3}, {"gain": 6.0}, {"mask": 0.3}):
        first, again, other = drawn(1, **chosen), drawn(1, **chosen), drawn(2, **chosen)
        np.testing.assert_array_equal(first, again)
        assert first.shape == example.inputs[name].shape
        assert first.dtype == np.float32
        assert not np.array_equal(first, other)


def test_six_decibels_are_twice_the_amplitude(tmp_path: Path) -> None:
    """In frames as in waves: a louder clip has the frames of a louder clip."""
    reader = learned_reader([str(written(tmp_path / "a.wav"))])
    frames = reader.numbers(WAVE)

    louder = reader.numbers(2 * WAVE)

    std = np.array(reader.settings["std"])
    np.testing.assert_allclose(louder - frames, np.tile(np.log10(4) / std, (88, 1)), rtol=1e-3)


def test_a_sound_of_one_sample_has_a_frame() -> None:
    """Where there is too little to be mirrored, silence follows."""
    assert log_mel(np.ones(1, np.float32), rate=8_000, window=200, hop=80, bands=40).shape == (
        1,
        40,
    )


def test_other_readers_are_refused(tmp_path: Path) -> None:
    """One that is missing, of another kind, or without its rate."""
    with pytest.raises(ModelError, match="has no preprocessor_config"):
        SoundReader.of_folder(tmp_path)
    for settings, reason in (
        ({"feature_extractor_type": "ASTFeatureExtractor"}, "is 'ASTFeatureExtractor'. Choose"),
        ({"feature_extractor_type": "Wav2Vec2FeatureExtractor"}, "samples a second .* got None"),
    ):
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(settings))
        with pytest.raises(ModelError, match=reason):
            SoundReader.of_folder(tmp_path)
