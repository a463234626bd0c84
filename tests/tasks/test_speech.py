"""Speech is spelt by encoders and written by Whisper, trained, saved, and scored."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCTC,
    PreTrainedTokenizerFast,
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from polyculture.checks.tasks import Case
from polyculture.core import parts
from polyculture.core.errors import ModelError, RowError
from polyculture.core.task import Context, Task
from polyculture.core.values import Known
from polyculture.engine.answering.model import open_run
from polyculture.engine.answering.read import read_rows
from polyculture.engine.opened import open_base
from polyculture.engine.train import train
from polyculture.nets.batch import IGNORED
from polyculture.nets.build import open_network, open_reader

TASK: Task = parts.load("tasks", "speech")
TOLD = ("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>")


def clips(folder: Path, seconds: list[float], texts: list[str]) -> pl.DataFrame:
    """Noise of some lengths, with what is said in it."""
    rng = np.random.default_rng(1)
    paths = [folder / f"{number}.wav" for number in range(len(seconds))]
    for path, length in zip(paths, seconds, strict=True):
        soundfile.write(path, 0.1 * rng.normal(size=int(length * 8_000)), 8_000)
    ids = [str(number) for number in range(len(seconds))]
    return pl.DataFrame({"id": ids, "audio": [str(path) for path in paths], "text": texts})


def wav2vec2(folder: Path, letters: str = "") -> Path:
    """A small random base that hears waves; with letters, one that spells."""
    torch.manual_seed(1)
    sizes = {"vocab_size": len(letters) + 1, "pad_token_id": 0} if letters else {}
    config = Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(32, 32, 32),
        conv_kernel=(10, 8, 4),
        conv_stride=(5, 8, 4),
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        ctc_loss_reduction="sum",
        **sizes,
    )
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=8_000, return_attention_mask=True)
    extractor.save_pretrained(folder)
    if letters:
        places = {"<pad>": 0} | {letter: code for code, letter in enumerate(letters, start=1)}
        (folder / "vocab.json").write_text(json.dumps(places), encoding="utf-8")
    return folder


def whisper(folder: Path, *, is_multilingual: bool = False) -> Path:
    """A small random Whisper that hears a second and knows bytes."""
    torch.manual_seed(1)
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={s: n for n, s in enumerate(signs)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([*TOLD])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=TOLD[0],
        pad_token=TOLD[0],
        unk_token=TOLD[0],
    )
    end, start = fast.convert_tokens_to_ids([*TOLD[:2]])
    config = WhisperConfig(
        vocab_size=len(fast),
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        num_mel_bins=20,
        max_source_positions=50,
        max_target_positions=40,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        begin_suppress_tokens=None,
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config.is_multilingual = is_multilingual
    model.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=20, chunk_length=1).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def context_of(folder: Path, texts: list[str], form: Any, **chosen: Any) -> Context:
    settings = TASK.settings.model_validate({"kind": "speech", **chosen})
    rows = pl.DataFrame({"id": [str(n) for n in range(len(texts))], "text": texts})
    inventory = TASK.learn({"train": rows}, settings)
    reader: Any = open_reader(folder)
    return Context(
        settings=settings,
        inventory=inventory,
        reader=reader,
        longest=reader.longest(None),
        form=form,
    )


def test_whisper_is_told_what_to_do_and_learns_the_words_and_their_end(tmp_path: Path) -> None:
    """The beginning is given and not learnt; logits stand one place before what they say."""
    base = whisper(tmp_path / "base")
    texts = ["ab", "c"]
    context = context_of(base, texts, "encoder_decoder")
    rows = clips(tmp_path, [0.4, 0.2], texts)

    batch = TASK.collate(TASK.encode(rows, context).examples, context)

    end, start, _, _, untimed = (context.reader.tokenizer.convert_tokens_to_ids(t) for t in TOLD)
    space, a, b, c = context.reader.tokenizer.convert_tokens_to_ids(["Ġ", "a", "b", "c"])
    assert batch.inputs["input_features"].shape == (2, 20, 100)
    assert batch.inputs["decoder_input_ids"].tolist() == [
        [start, untimed, space, a, b],
        [start, untimed, space, c, end],
    ]
    assert batch.targets["tokens"].tolist() == [
        [IGNORED, space, a, b, end],
        [IGNORED, space, c, end, IGNORED],
    ]
    assert batch.count == 7
    network = open_network(
        base, labels=(), output="tokens", model_class=TASK.model_class["encoder_decoder"]
    ).eval()
    with torch.no_grad():
        loss = TASK.loss(network(batch), batch, context)
        labels = batch.targets["tokens"]
        theirs = network.model(
            input_features=batch.inputs["input_features"],
            decoder_input_ids=batch.inputs["decoder_input_ids"],
            labels=labels,
        ).loss
    assert float(loss) / batch.count == pytest.approx(float(theirs), rel=1e-5)


def test_whisper_has_to_be_told_the_language(tmp_path: Path) -> None:
    """One that knows many; and English is all that others know."""
    many = whisper(tmp_path / "many", is_multilingual=True)
    rows = clips(tmp_path, [0.2], ["a"])

    context = context_of(many, ["a"], "encoder_decoder", language="en")
    batch = TASK.collate(TASK.encode(rows, context).examples, context)

    told = context.reader.tokenizer.convert_ids_to_tokens(batch.inputs["decoder_input_ids"][0, :4])
    assert told == [TOLD[1], TOLD[2], TOLD[3], TOLD[4]]
    for folder, language, reason in (
        (many, "", r"Name that of the clips: \[task\] language"),
        (many, "xx", r"knows no <\|xx\|>"),
        (whisper(tmp_path / "one"), "zh", "knows only English"),
    ):
        with pytest.raises(ModelError, match=reason):
            TASK.encode(rows, context_of(folder, ["a"], "encoder_decoder", language=language))


def test_what_is_too_long_is_read_in_windows_and_teaches_nothing(tmp_path: Path) -> None:
    """Nobody knows which window says which words; and it is told."""
    context = context_of(whisper(tmp_path / "base"), ["a"], "encoder_decoder")
    rows = clips(tmp_path, [0.5, 2.5], ["a", "b"])

    learnt, asked = TASK.encode(rows, context), TASK.encode(rows.drop("text"), context)

    assert [bool(example.targets) for example in learnt.examples] == [True, False]
    assert learnt.notes == ("1 of 2 clips teach nothing, being longer than 1 s.",)
    assert [example.row for example in asked.examples] == [0, 1, 1, 1]
    assert asked.notes == ("1 of 2 clips are longer than, and read in windows of, 1 s.",)
    assert asked.protocol == {"clips_in_windows": 1}
    batch = TASK.collate(learnt.examples, context)
    assert batch.count == 3
    assert (batch.targets["tokens"][1] == IGNORED).all()


def test_what_cannot_be_spelt_teaches_nothing_and_is_told(tmp_path: Path) -> None:
    """More letters than pieces; letters that training lacks are left out, and named."""
    context = context_of(wav2vec2(tmp_path / "base"), ["ab cd"], "encoder")
    rows = clips(tmp_path, [0.1, 0.5, 0.5], ["abcdabcd", "a é\nb", ""])

    encoded = TASK.encode(rows, context)

    tokens = [example.targets.get("tokens") for example in encoded.examples]
    assert tokens[0] is None
    assert [context.labels[code] for code in tokens[1]] == ["a", " ", " ", "b"]  # type: ignore[union-attr]
    assert tokens[2] is not None
    assert len(tokens[2]) == 0
    assert "1 of 3 clips teach nothing" in encoded.notes[0]
    assert encoded.notes[1].endswith("left out of what is to be said: 'é'.")
    batch = TASK.collate(encoded.examples, context)
    assert batch.targets["lengths"].tolist() == [-1, 4, 0]
    assert batch.count == 5
    assert TASK.pack is not None
    rng = np.random.default_rng(1)
    assert [example.row for example in TASK.pack(encoded, context, rng).examples] == [1, 2]
    with pytest.raises(RowError, match="nothing to learn"):
        TASK.pack(TASK.encode(rows[:1], context), context, rng)


def test_a_head_that_spells_stays_where_it_knows_all_letters(tmp_path: Path) -> None:
    """Else it is drawn anew, with the letters of the texts."""
    base = wav2vec2(tmp_path / "base", "|ab")
    heads = {}
    for letters in (("a", "b"), ("a", "é")):
        network = open_network(
            base, labels=letters, output="tokens", model_class=TASK.model_class["encoder"]
        )
        heads[network.letters] = bool(network.untrained)
        assert network.model.config.layerdrop == 0  # type: ignore[union-attr]
        assert network.model.config.apply_spec_augment is False  # type: ignore[union-attr]

    assert heads == {("", " ", "a", "b"): False, ("a", "é", ""): True}


def test_the_loss_of_a_wav2vec2_is_transformers_own(tmp_path: Path) -> None:
    """With its own letters, for clips of several lengths."""
    base = wav2vec2(tmp_path / "base", "|ab")
    context = context_of(base, ["ab ba"], "encoder")
    rows = clips(tmp_path, [0.8, 0.4], ["ab ba", "a"])
    batch = TASK.collate(TASK.encode(rows, context).examples, context)
    network = open_network(
        base, labels=context.labels, output="tokens", model_class=TASK.model_class["encoder"]
    ).eval()

    with torch.no_grad():
        found = TASK.loss(network(batch), batch, context)
        theirs = AutoModelForCTC.from_pretrained(base).eval()(
            **batch.inputs, labels=torch.tensor([[2, 3, 1, 3, 2], [2, -100, -100, -100, -100]])
        )

    assert float(found) == pytest.approx(float(theirs.loss), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wav2vec2", "whisper"])
def test_a_base_is_trained_saved_and_opened(kind: str, tmp_path: Path) -> None:
    """It answers as it did, and transformers opens its folder."""
    base = (wav2vec2 if kind == "wav2vec2" else whisper)(tmp_path / "pretrained")
    case = Case(
        task=TASK,
        base={"source": "folder", "path": str(base)},
        fit={"learning_rate": 2e-3, "epochs": 2},
        settings={"longest_answer": 24, "mask": 0.1},
    )

    run = train(case.training(tmp_path), tmp_path / "run")

    folder = tmp_path / "run" / "run"
    again, _ = open_run(folder).answer(case.splits["test"].drop("text"))
    saved = pl.read_parquet(folder / "predictions" / "test.parquet")
    assert run.test is not None
    assert isinstance(run.test.headline().value, Known)
    assert again["answer"].to_list() == saved["answer"].to_list()
    if kind == "wav2vec2":
        tokenizer = Wav2Vec2CTCTokenizer.from_pretrained(folder / "model")
        model = AutoModelForCTC.from_pretrained(folder / "model").eval()
        extractor = Wav2Vec2FeatureExtractor.from_pretrained(folder / "model")
        wave, _ = soundfile.read(case.splits["test"]["audio"][0], dtype="float32")
        with torch.no_grad():
            logits = model(**extractor(wave, sampling_rate=8_000, return_tensors="pt")).logits
        assert tokenizer.decode(logits[0].argmax(-1)) == saved["answer"][0]
    else:
        assert WhisperForConditionalGeneration.from_pretrained(folder / "model") is not None
        assert open_reader(folder / "model").tokenizer is not None  # type: ignore[union-attr]


@pytest.mark.slow
def test_windows_of_a_clip_are_joined(tmp_path: Path) -> None:
    """A row has one answer, however many windows it was read in."""
    rows = clips(tmp_path, [0.4, 2.5], ["a", "b"])
    base = whisper(tmp_path / "base")
    context = context_of(base, ["a"], "encoder_decoder", longest_answer=4)
    network = open_network(
        base, labels=(), output="tokens", model_class=TASK.model_class["encoder_decoder"]
    ).eval()
    encoded = TASK.encode(rows.drop("text"), context)
    read = read_rows(network, encoded, TASK, context)

    assert len(read.rows) == 2
    answers = TASK.decode(rows, read.rows, context)
    assert answers["id"].to_list() == ["0", "1"]


def scored(gold: list[str], said: list[str | None], **chosen: Any) -> Any:
    rows = pl.DataFrame({"id": [str(n) for n in range(len(gold))], "text": gold})
    answers = rows.select("id").with_columns(pl.Series("answer", said, pl.String))
    settings = TASK.settings.model_validate({"kind": "speech", **chosen})
    context = Context(settings=settings, inventory=TASK.learn({"train": rows}, settings))
    return TASK.score(rows, answers, context, split="test"), TASK.grade(rows, answers, context)


def test_scores_name_their_normaliser() -> None:
    """Lower case and no punctuation where nothing else is said."""
    usual, grades = scored(["Hello, World!", "no"], ["hello world", None])
    plain, exact = scored(["Hello, World!", "no"], ["hello world", None], normalise="none")

    assert usual.headline().name == "wer"
    assert usual.headline().value.number == pytest.approx(1 / 3)
    assert usual.headline().higher_is_better is False
    assert usual.protocol["normaliser"] == "lower case, no punctuation"
    assert usual.protocol["missing_answers"] == 1
    assert plain.headline().value.number == 1
    assert (grades, exact) == ([1.0, 0.0], [0.0, 0.0])


def test_characters_count_where_there_are_no_spaces() -> None:
    """And spaces between them do not."""
    found, grades = scored(["我喜欢狗。"], ["我 喜欢 猫"])

    assert found.headline().name == "cer"
    assert found.headline().value.number == 0.25
    assert grades == [0.75]


@pytest.mark.slow
def test_simple_methods_say_what_training_says() -> None:
    """The most frequent text, and that of the clip that sounds most alike."""
    splits = TASK.toy().splits
    train_rows, rows = splits["train"], splits["train"].head(5).with_columns(id=pl.lit("x") + "id")
    context = Context(settings=TASK.settings(), inventory=TASK.learn(splits, TASK.settings()))

    said = {name: simple(train_rows, rows, context) for name, simple in TASK.baselines.items()}

    assert said["nearest"]["answer"].to_list() == rows["text"].to_list()
    assert said["frequent"]["answer"].n_unique() == 1


def test_rows_without_texts_are_told_where_texts_are_needed(tmp_path: Path) -> None:
    """To predict they are fine."""
    rows = clips(tmp_path, [0.2], ["a"]).drop("text")
    settings = TASK.settings()

    with pytest.raises(RowError, match="there is no column 'text'"):
        TASK.learn({"train": TASK.prepare(rows, "train", settings)}, settings)


@pytest.mark.slow
def test_whisper_is_no_base_of_other_tasks(tmp_path: Path) -> None:
    """Its encoder alone is none here, and it reads no text."""
    base = whisper(tmp_path / "base")
    for task, reason in (("sounds", "needs an encoder"), ("classification", "reads sounds, but")):
        case = Case(task=parts.load("tasks", task), base={"source": "folder", "path": str(base)})
        with pytest.raises(ModelError, match=reason):
            open_base(case.training(tmp_path / task))


def test_a_base_that_writes_otherwise_is_refused(tmp_path: Path) -> None:
    """Only Whisper can be told what to do."""
    context = context_of(whisper(tmp_path / "base"), ["a"], "encoder_decoder")
    other = replace(context, reader=replace(context.reader, kind="wave"))

    with pytest.raises(ModelError, match="only Whisper is supported"):
        TASK.encode(clips(tmp_path, [0.2], ["a"]), other)
