"""The script of examples/ writes the tables that its recipes name."""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import soundfile

from polyculture.api.recipes import read_recipe, read_results
from polyculture.api.results.asked import recipes_of
from polyculture.api.results.recorded import portable, read_table
from polyculture.api.shared import prepare_rows, read_data
from polyculture.core.several.results import Results
from polyculture.report.results.table import to_markdown
from tests.docs.test_readme import ROOT

EXAMPLES = ROOT / "examples"


def small_scifact(downloads: Path) -> None:
    sentences = "['It is so.'\n \"Water's wet.\"]"
    corpus = {"doc_id": [7, 8], "title": ["Water.", "Air."], "abstract": [sentences, "[]"]}
    pl.DataFrame(corpus).write_csv(downloads / "corpus_part1.csv")
    (downloads / "qrels").mkdir()
    for first, theirs, split in ((1, "train", "train"), (3, "validation", "test")):
        claims = {
            "id": [first, first, first + 1, 9],
            "claim": ["Wet.", "Wet.", "Dry.", "Unjudged."],
        }
        pl.DataFrame(claims).write_csv(downloads / f"claims_{theirs}.csv")
        judged = {"query-id": [first, first, first + 1], "corpus-id": [7, 8, 8], "score": 1}
        pl.DataFrame(judged).write_csv(downloads / "qrels" / f"{split}.tsv", separator="\t")


def small_banking77(downloads: Path) -> None:
    labels = [label for label in "abc" for _ in range(20)]
    rows = pl.DataFrame({"text": [f"text {n}" for n in range(60)], "category": labels})
    rows.write_csv(downloads / "train.csv")
    rows.write_csv(downloads / "test.csv")


def small_tatoeba(downloads: Path) -> None:
    lines = [f"Sentence {n // 2}.\t第 {n} 句。" for n in range(200)]
    (downloads / "cmn.txt").write_text("\n".join(lines), encoding="utf-8")


def small_multi30k(downloads: Path) -> None:
    for name in ("train", "val", "test_2016_flickr"):
        for end, text in (("en", "A dog.\nA cat.\n"), ("de", "Ein Hund.\nEine Katze.\n")):
            with gzip.open(downloads / f"{name}.{end}.gz", "wt", encoding="utf-8") as packed:
                packed.write(text)


def small_questions(name: str) -> Callable[[Path], None]:
    def write(downloads: Path) -> None:
        answers = [{"text": "七个", "answer_start": 1}]
        articles = [
            {
                "title": f"{n}" if n else "",
                "paragraphs": [
                    {
                        "context": "有七个桥孔。",
                        "qas": [
                            {"id": f"{n}-{q}", "question": "?", "answers": answers} for q in "ab"
                        ],
                    }
                ],
            }
            for n in range(302)
        ]
        (downloads / name).write_text(json.dumps({"data": articles}), encoding="utf-8")

    return write


def small_talks(downloads: Path) -> None:
    said = ["Hi, you.", "Hello?", "How is it?", "It is fine.", "Good.", "Is it?"]
    for name in ("dev", "test"):
        talks = []
        for number in range(20):
            parts = [f"#Person{n % 2 + 1}#: {text}" for n, text in enumerate(said)]
            parts.insert(1, f"#Person1#: Number {number}.")
            talks.append({"fname": f"{name}_{number}", "dialogue": "\n".join(parts[: 3 + number])})
        talks.append({"fname": "three", "dialogue": "#A#: a\n#B#: b\n#C#: c"})
        pl.DataFrame(talks).write_ndjson(downloads / f"dialogsum.{name}.jsonl")


def small_clinc150(downloads: Path) -> None:
    parts = ("train", "val", "test", "oos_train", "oos_val", "oos_test")
    found = {
        part: [[f"{part} {n}", "oos" if part.startswith("oos") else "ab"[n % 2]] for n in range(4)]
        for part in parts
    }
    (downloads / "data_full.json").write_text(json.dumps(found), encoding="utf-8")


def small_sst2(downloads: Path) -> None:
    rows = "".join(f'a "{n} film\t{n % 2}\n' for n in range(20))
    for name in ("train", "dev"):
        (downloads / f"{name}.tsv").write_text(f"text\tlabel\n{rows}", encoding="utf-8")
    (downloads / "stsa.binary.test").write_text("1 a 1 film\n0 no film\n", encoding="utf-8")


def small_chnsenticorp(downloads: Path) -> None:
    texts = {"train": "很好 不好", "dev": "很好 太差", "test": '很好 太差 "难吃 好吃 好吃'}
    for name, found in texts.items():
        lines = [f"{n % 2}\t{text}" for n, text in enumerate(found.split())]
        table = "\n".join(["label\ttext_a", *lines])
        (downloads / f"{name}.tsv").write_text(table, encoding="utf-8")


def small_dialogsum(downloads: Path) -> None:
    talks = [f"#Person1#: Number {n}?\n#Person2#: Yes." for n in range(10)]
    dev = {"fname": [f"dev_{n}" for n in range(10)], "dialogue": talks, "summary": "They count."}
    pl.DataFrame({**dev, "topic": "counting"}).write_ndjson(downloads / "dialogsum.dev.jsonl")
    test = {"fname": ["test_0"], "dialogue": ["#Person1#: Well?\n#Person2#: No."]}
    for number in (1, 2, 3):
        test |= {f"summary{number}": [f"Summary {number}."], f"topic{number}": ["a"]}
    pl.DataFrame(test).write_ndjson(downloads / "dialogsum.test.jsonl")


def small_weibo(downloads: Path) -> None:
    post = "我0\tO\n见0\tO\n李0\tI-PER\n明1\tI-PER\n\n"
    for name in ("train", "dev", "test"):
        (downloads / f"weiboNER_2nd_conll.{name}").write_text(post * 3, encoding="utf-8")


def small_cluener(downloads: Path) -> None:
    label = {
        "book": {"《北京》": [[0, 3]]},
        "address": {"北京": [[1, 2]]},
        "name": {"李明": [[4, 5]]},
    }
    texts = [{"text": f"《北京》李明{number}", "label": label} for number in range(12)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in texts)
    for name in ("train", "dev"):
        (downloads / f"{name}.json").write_text(lines, encoding="utf-8")


def small_sentfin(downloads: Path) -> None:
    lines = [
        f"""{n},Head {n},"{{'Co {n}': 'positive', ""Zed's"": 'negative'}}",2""" for n in range(20)
    ]
    table = "\n".join(["S No.,Title,Decisions,Words", *lines])
    (downloads / "SEntFiN.csv").write_text(table, encoding="utf-8")


def small_traffic(downloads: Path) -> None:
    for name, whole in (("speed", True), ("occupancy", False)):
        minutes = [
            f"2015-09-{n // 48 + 1:02d} {n // 2 % 24:02d}:{n % 2 * 30 + 5:02d}:00"
            for n in range(600)
        ]
        values = [n if whole else n / 2 for n in range(600)]
        rows = pl.DataFrame({"timestamp": minutes, "value": values})
        rows.write_csv(downloads / f"{name}.csv")


def small_fsdd(downloads: Path) -> None:
    for digit in (0, 9):
        for speaker in ("ann", "yweweler"):
            for take in range(4):
                wave = np.sin(np.arange(800) * (digit + take + len(speaker)) / 40)
                soundfile.write(downloads / f"{digit}_{speaker}_{take}.wav", wave, 8_000)


SMALL = {
    "scifact": (small_scifact, "similarity.toml"),
    "banking77": (small_banking77, "banking77.toml"),
    "clinc150": (small_clinc150, "clinc150.toml"),
    "sst2": (small_sst2, "sst2.toml"),
    "chnsenticorp": (small_chnsenticorp, "chnsenticorp.toml"),
    "sentfin": (small_sentfin, "ordinal.toml"),
    "tatoeba": (small_tatoeba, "translation-zh.toml"),
    "multi30k": (small_multi30k, "translation.toml"),
    "xquad": (small_questions("xquad.en.json"), "answers.toml"),
    "cmrc2018": (small_questions("cmrc2018_dev.json"), "answers-zh.toml"),
    "weibo": (small_weibo, "weibo-ner.toml"),
    "cluener": (small_cluener, "cluener.toml"),
    "talks": (small_talks, "dialogue.toml"),
    "questions": (small_talks, "preferences.toml"),
    "dialogsum": (small_dialogsum, "summarization.toml"),
    "traffic": (small_traffic, "series.toml"),
    "fsdd": (small_fsdd, "sounds.toml"),
}


@pytest.mark.parametrize("name", SMALL)
def test_the_script_writes_what_the_recipe_reads(name: str, tmp_path: Path) -> None:
    """In the folder beside it, with rows that the task accepts."""
    write, recipe = SMALL[name]
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    write(downloads)
    shutil.copy(EXAMPLES / "public_sets.py", tmp_path)
    shutil.copytree(EXAMPLES / "sets", tmp_path / "sets")
    shutil.copy(EXAMPLES / recipe, tmp_path)

    command = [
        sys.executable,
        "-W",
        "error",
        str(tmp_path / "public_sets.py"),
        name,
        str(downloads),
    ]
    subprocess.run(command, check=True)

    wanted = read_recipe(tmp_path / recipe)
    splits, _ = prepare_rows(wanted, read_data(wanted))
    assert {"train", "test"} <= set(splits)


def test_shots_are_counted_and_disjoint(tmp_path: Path) -> None:
    """Ten rows of each label to learn from, five others to validate on."""
    made = tables("banking77", tmp_path)

    assert made["train.tsv"]["label"].value_counts()["count"].to_list() == [10, 10, 10]
    assert made["valid.tsv"]["label"].value_counts()["count"].to_list() == [5, 5, 5]
    assert not set(made["train.tsv"]["text"]) & set(made["valid.tsv"]["text"])


def test_an_abstract_is_one_text_again(tmp_path: Path) -> None:
    """Sentences in either kind of quotes; claims that nobody judged are left out."""
    made = tables("scifact", tmp_path)

    texts = ["Water. It is so. Water's wet.", "Air. "]
    assert made["abstracts.jsonl"]["text"].to_list() == texts
    assert made["claims-test.jsonl"].rows() == [
        ("3", "Wet.", ["7", "8"]),
        ("4", "Dry.", ["8"]),
    ]


def test_no_sentence_is_in_two_splits(tmp_path: Path) -> None:
    """Both translations of an English sentence are in one."""
    made = tables("tatoeba", tmp_path)

    seen = [set(rows["source"]) for rows in made.values()]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 100
    assert sum(map(len, made.values())) == 200


def test_questions_of_one_article_are_in_one_split(tmp_path: Path) -> None:
    """So many articles as the script says, and none twice."""
    made = tables("cmrc2018", tmp_path)

    seen = {name: set(rows["document"]) for name, rows in made.items()}
    assert {name: len(found) for name, found in seen.items()} == {
        "test.jsonl": 200,
        "valid.jsonl": 100,
        "train.jsonl": 2,
    }
    assert len(set.union(*seen.values())) == 302
    assert sum(map(len, made.values())) == 604


def test_all_rows_of_banking77_are_used_once(tmp_path: Path) -> None:
    """A tenth validates; the rest is learnt from."""
    made = tables("banking77", tmp_path)

    assert (len(made["train-full.tsv"]), len(made["valid-full.tsv"])) == (54, 6)
    assert not set(made["train-full.tsv"]["text"]) & set(made["valid-full.tsv"]["text"])


def test_requests_out_of_scope_are_in_validation_and_test(tmp_path: Path) -> None:
    """Training has them in a table of its own."""
    made = tables("clinc150", tmp_path)

    counts = {name: (rows["label"] == "oos").sum() for name, rows in made.items()}
    assert counts == {"train.tsv": 0, "train-oos.tsv": 4, "valid.tsv": 4, "test.tsv": 4}
    assert all(rows["id"].n_unique() == len(rows) for rows in made.values())


def test_quotes_in_sentences_are_plain_signs(tmp_path: Path) -> None:
    """Rows are as many as lines; verdicts are words."""
    made = tables("sst2", tmp_path)

    assert made["train.tsv"]["text"][0] == 'a "0 film'
    assert made["test.tsv"].select("text", "label").rows() == [
        ("a 1 film", "positive"),
        ("no film", "negative"),
    ]


def test_new_reviews_occur_in_no_other_split(tmp_path: Path) -> None:
    """Each text once, under the id that it has in the whole test."""
    made = tables("chnsenticorp", tmp_path)

    assert made["test-new.tsv"].select("id", "text").rows() == [
        ("test-2", '"难吃'),
        ("test-3", "好吃"),
    ]
    assert len(made["test.tsv"]) == 5


def test_every_entity_of_a_headline_is_in_the_split_of_the_headline(tmp_path: Path) -> None:
    """Names may hold apostrophes; the mean of one for and one against is 0."""
    made = tables("sentfin", tmp_path)

    parts = [made[f"{split}.tsv"] for split in ("train", "valid", "test")]
    assert [len(part) for part in parts] == [32, 4, 4]
    assert sum(part["text"].n_unique() for part in parts) == 20
    assert set(parts[1]["text_b"]) > {"Zed's"}
    assert set(made["means-test.tsv"]["number"]) == {0.0}
    assert set(made["means-test.tsv"]["text"]) == set(parts[2]["text"])


def test_no_take_and_no_held_out_speaker_is_in_two_splits(tmp_path: Path) -> None:
    """Spoken digits: the last takes are for testing; and so is one speaker, in tables apart."""
    made = tables("fsdd", tmp_path)

    takes = {name: {item[-1] for item in rows["id"]} for name, rows in made.items()}
    assert [takes[f"{split}.tsv"] for split in ("train", "valid", "test")] == [
        {"0"},
        {"1"},
        {"2", "3"},
    ]
    assert {*made["speakers-test.tsv"]["group"]} == {"yweweler"}
    assert len(made["speakers-test.tsv"]) == 8
    assert {*made["speakers-train.tsv"]["group"], *made["speakers-valid.tsv"]["group"]} == {"ann"}
    assert {*made["test.tsv"]["text"]} == {"zero", "nine"}


def test_clips_are_said_what_their_transcription_has(tmp_path: Path) -> None:
    """Without the marks around a sentence; from both folders of the package."""
    for folder, name in (("librivox", "transcription"), ("cards", "cards.transcription")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text("<s> one of  two  </s> (01)\n", encoding="utf-8")

    made = made_of("clips", tmp_path)["test.tsv"]

    assert made.drop("audio").rows() == [
        ("librivox-01", "one of two", "librivox"),
        ("cards-01", "one of two", "cards"),
    ]
    assert made["audio"].to_list() == [
        str(tmp_path / folder / "01.wav") for folder in ("librivox", "cards")
    ]


def tables(name: str, downloads: Path) -> dict[str, pl.DataFrame]:
    """What the script makes of small files of ours."""
    SMALL[name][0](downloads)
    return made_of(name, downloads)


def made_of(name: str, downloads: Path) -> dict[str, pl.DataFrame]:
    """What the script makes of files."""
    import runpy

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES)  # as for a script that is started
        made = runpy.run_path(str(EXAMPLES / "public_sets.py"))["SETS"][name](downloads)
    return dict(made)


def test_who_begins_is_the_user_and_the_other_replies(tmp_path: Path) -> None:
    """Lines of one person are one turn, the last turn replies, and three people are left out."""
    made = tables("talks", tmp_path)["dev.jsonl"]

    turns = made["messages"].to_list()
    assert len(made) == 20
    assert turns[0] == [
        {"role": "user", "content": "Hi, you. Number 0."},
        {"role": "assistant", "content": "Hello?"},
    ]
    assert all(talk[-1]["role"] == "assistant" for talk in turns)


def test_of_two_replies_the_one_that_asks_nothing_is_preferred(tmp_path: Path) -> None:
    """One of the two was given; both follow the same turn of the user."""
    made = tables("questions", tmp_path)["dev.jsonl"]

    assert len(made) > 0
    assert not made["chosen"].str.contains("?", literal=True).any()
    assert made["rejected"].str.contains("?", literal=True).all()
    assert {turns[-1]["role"] for turns in made["messages"].to_list()} == {"user"}
    assert {*made["messages"].list.len()} == {1}


def test_spans_within_spans_are_left_out_and_tags_begin_with_b(tmp_path: Path) -> None:
    """What tags cannot say, and how scorers read a span that begins with I-."""
    spans = tables("cluener", tmp_path)["train.jsonl"]["spans"][0].to_list()
    tags = tables("weibo", tmp_path)["train.jsonl"]

    assert [(span["label"], span["start"], span["end"]) for span in spans] == [
        ("book", 0, 4),
        ("name", 4, 6),
    ]
    assert tags["tags"][0].to_list() == ["O", "O", "B-PER", "I-PER"]
    assert tags["tokens"][0].to_list() == ["我", "见", "李", "明"]


def test_messages_of_samsum_are_only_tested_on(tmp_path: Path) -> None:
    """They stand in several lines of a cell."""
    rows = pl.DataFrame({"id": ["7"], "summary": ["They meet."], "dialogue": ["A: When?\nB: Now."]})
    rows.write_csv(tmp_path / "test.csv")

    assert made_of("samsum", tmp_path)["test.jsonl"].to_dicts() == rows.to_dicts()


@pytest.mark.slow
def test_functions_of_a_module_are_in_one_split_without_what_they_say(tmp_path: Path) -> None:
    """The same on every call; none of the functions holds its own docstring."""
    shutil.copy(EXAMPLES / "docstrings.py", tmp_path)

    subprocess.run([sys.executable, tmp_path / "docstrings.py"], check=True, capture_output=True)

    made = {p.stem: pl.read_ndjson(p) for p in (tmp_path / "docstrings").iterdir()}
    assert {split: len(rows) >= 100 for split, rows in made.items()} == {
        "train": True,
        "valid": True,
        "test": True,
    }
    modules = [set(rows["id"].str.split(":").list.first()) for rows in made.values()]
    assert sum(map(len, modules)) == len(set.union(*modules))
    texts = pl.concat(rows["text"] for rows in made.values())
    assert texts.is_unique().all()
    for text, summary in pl.concat(made.values()).select("text", "summary").iter_rows():
        assert summary not in " ".join(text.split())


def test_the_page_of_results_is_made_of_its_record_and_has_the_rows_of_the_table() -> None:
    """Trained or not, in their order; what is shown was reached by the recipe of today."""
    table = EXAMPLES / "results.toml"
    record, rows = ROOT / "docs" / "results.json", read_results(table).rows

    results = Results.model_validate_json(record.read_bytes())

    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert to_markdown(results) == page
    assert [row.name for row in results.rows] == [row.name for row in rows]
    kept = read_table(record)
    for row, outcome in zip(rows, results.rows, strict=True):
        asked = [portable(one.recipe, EXAMPLES) for one in recipes_of(table, row, quick=False)]
        assert all(one.recipe in asked for one in kept[row.name])
        assert (outcome.goals, outcome.note) == (row.goals, row.note)
