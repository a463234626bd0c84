"""Turn downloads of public data sets into the tables that the recipes beside this file read.

python examples/public_sets.py scifact DOWNLOADS      corpus*.csv, claims_*.csv, qrels/ of BEIR
python examples/public_sets.py banking77 DOWNLOADS    train.csv, test.csv
python examples/public_sets.py clinc150 DOWNLOADS     data_full.json
python examples/public_sets.py sst2 DOWNLOADS         train.tsv, dev.tsv, stsa.binary.test
python examples/public_sets.py chnsenticorp DOWNLOADS train.tsv, dev.tsv, test.tsv
python examples/public_sets.py sentfin DOWNLOADS      SEntFiN.csv
python examples/public_sets.py tatoeba DOWNLOADS      cmn.txt, the English-Chinese pairs
python examples/public_sets.py multi30k DOWNLOADS     train, val, test_2016_flickr: .en.gz, .de.gz
python examples/public_sets.py xquad DOWNLOADS        xquad.en.json
python examples/public_sets.py cmrc2018 DOWNLOADS     cmrc2018_dev.json
python examples/public_sets.py talks DOWNLOADS        dialogsum.dev.jsonl, dialogsum.test.jsonl
python examples/public_sets.py questions DOWNLOADS    the same files
python examples/public_sets.py dialogsum DOWNLOADS    dialogsum.dev.jsonl, dialogsum.test.jsonl
python examples/public_sets.py weibo DOWNLOADS        weiboNER_2nd_conll.train, .dev, .test
python examples/public_sets.py cluener DOWNLOADS      train.json, dev.json
python examples/public_sets.py traffic DOWNLOADS      data/realTraffic of NAB, seven .csv
python examples/public_sets.py fsdd DOWNLOADS         0_george_0.wav, ..., the Free Spoken Digits

Nothing is downloaded here. Each set has a licence of its own, and not all allow redistribution.
"""

import argparse
import ast
import gzip
import json
import re
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

HERE = Path(__file__).parent
LEARNT, VALIDATED = 10, 5
"""Rows of each label of banking77."""
TALKS = {"dev": 200, "test": 50}
PAIRS = {"dev": 300, "test": 100}
"""Rows of talks and of questions."""
ROLES = ("user", "assistant")
Turns = list[dict[str, str]]
SOME = 10_000
"""Rows of sst2 from which its recipe learns, of 67,349."""
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TESTED_TAKES = 2
"""The last takes of each digit and speaker of fsdd; the one before them is for validation."""
HELD_OUT = "yweweler"
"""The speaker whom the second three tables of fsdd test on."""


def scifact(downloads: Path) -> dict[str, pl.DataFrame]:
    """Claims with the abstracts that BEIR judges relevant; its test is the authors' validation."""
    corpus = pl.read_csv(downloads / "corpus*.csv")  # in one file or several
    texts = [
        f"{title} {abstract(sentences)}"
        for title, sentences in corpus.select("title", "abstract").iter_rows()
    ]
    whole = pl.DataFrame({"id": corpus["doc_id"].cast(str), "text": texts})
    is_test = pl.int_range(pl.len()) % 5 == 0
    found = {
        "abstracts.jsonl": whole,
        "abstracts-train.jsonl": whole.filter(~is_test),  # for texts alone, without claims
        "abstracts-test.jsonl": whole.filter(is_test),
    }
    for split, theirs in (("train", "train"), ("test", "validation")):
        claims = dict(
            pl.read_csv(downloads / f"claims_{theirs}.csv").select("id", "claim").iter_rows()
        )
        judged: dict[int, list[str]] = defaultdict(list)
        for claim, document, _ in pl.read_csv(
            downloads / "qrels" / f"{split}.tsv", separator="\t"
        ).iter_rows():
            judged[claim].append(str(document))
        found[f"claims-{split}.jsonl"] = pl.DataFrame(
            {
                "id": [str(claim) for claim in judged],
                "text": [claims[claim] for claim in judged],
                "matches": list(judged.values()),
            }
        )
    return found


def abstract(sentences: str) -> str:
    """One text of what NumPy prints for an array of sentences, one on each line."""
    return " ".join(ast.literal_eval(line) for line in sentences[1:-1].split("\n") if line.strip())


def banking77(downloads: Path) -> dict[str, pl.DataFrame]:
    """Ten rows of each label to learn from and five to validate on, drawn with seed 1.

    ``train-full`` has nine tenths of the rows, and ``valid-full`` the others.
    """
    rows = pl.read_csv(downloads / "train.csv").rename({"category": "label"})
    order = np.random.default_rng(1).permutation(len(rows))
    drawn, number = rows[order], pl.int_range(pl.len()).over("label")
    tenth = len(rows) // 10
    test = pl.read_csv(downloads / "test.csv").rename({"category": "label"})
    return {
        "train.tsv": numbered(drawn.filter(number < LEARNT), "train"),
        "valid.tsv": numbered(
            drawn.filter(number.is_between(LEARNT, LEARNT + VALIDATED - 1)), "valid"
        ),
        "train-full.tsv": numbered(drawn[tenth:], "train-full"),
        "valid-full.tsv": numbered(drawn[:tenth], "valid-full"),
        "test.tsv": numbered(test, "test"),
    }


def clinc150(downloads: Path) -> dict[str, pl.DataFrame]:
    """Requests out of scope have the label ``oos``: in valid and test, and in ``train-oos``."""
    found = json.loads((downloads / "data_full.json").read_text(encoding="utf-8"))
    parts = {
        "train": ("train",),
        "train-oos": ("train", "oos_train"),
        "valid": ("val", "oos_val"),
        "test": ("test", "oos_test"),
    }
    return {
        f"{name}.tsv": numbered(
            pl.DataFrame(
                [pair for split in theirs for pair in found[split]],
                schema=["text", "label"],
                orient="row",
            ),
            name,
        )
        for name, theirs in parts.items()
    }


def sst2(downloads: Path) -> dict[str, pl.DataFrame]:
    """Phrases to learn from (``train-10k``: some of them, seed 1), sentences to validate and test.

    Published figures are of ``valid``, GLUE's development set; ``test`` is the treebank's own.
    """
    train, valid = (sentiment(downloads / f"{name}.tsv", "text") for name in ("train", "dev"))
    some = np.random.default_rng(1).permutation(len(train))[:SOME]
    treebank = (downloads / "stsa.binary.test").read_text(encoding="utf-8").splitlines()
    test = pl.DataFrame(
        {"text": [line[2:] for line in treebank], "label": [VERDICTS[line[0]] for line in treebank]}
    )
    return {
        "train.tsv": numbered(train, "train"),
        "train-10k.tsv": numbered(train[some], "train-10k"),
        "valid.tsv": numbered(valid, "valid"),
        "test.tsv": numbered(test, "test"),
    }


def chnsenticorp(downloads: Path) -> dict[str, pl.DataFrame]:
    """Splits as they are published; ``test-new`` lacks texts that train or dev has, and repeats."""
    names = {"train": "train", "valid": "dev", "test": "test"}
    found = {
        name: numbered(sentiment(downloads / f"{theirs}.tsv", "text_a"), name)
        for name, theirs in names.items()
    }
    known = pl.concat([found["train"]["text"], found["valid"]["text"]])
    is_new = ~pl.col("text").is_in(known.implode())
    found["test-new"] = found["test"].filter(is_new).unique("text", maintain_order=True)
    return {f"{name}.tsv": rows for name, rows in found.items()}


def sentfin(downloads: Path) -> dict[str, pl.DataFrame]:
    """Headlines with one entity each, and its sentiment; all of a headline are in one split.

    ``means-*`` has each headline once, with the mean of its sentiments from -1 to 1. A tenth of the
    headlines validates and a tenth tests, drawn with seed 1.
    """
    rows = pl.read_csv(downloads / "SEntFiN.csv")
    headlines = rows["Title"].unique(maintain_order=True)
    order = np.random.default_rng(1).permutation(len(headlines))
    tenth = len(headlines) // 10
    split_of = dict.fromkeys(headlines, "train")
    split_of |= dict.fromkeys(headlines[order[:tenth]], "valid")
    split_of |= dict.fromkeys(headlines[order[tenth : 2 * tenth]], "test")
    found: dict[tuple[str, str], str] = {}
    for headline, decisions in rows.select("Title", "Decisions").iter_rows():
        for entity, sentiment_of in SENTIMENT.findall(decisions):
            found.setdefault((headline, entity), sentiment_of)
    pairs = pl.DataFrame(
        [(*pair, label) for pair, label in found.items()],
        schema=["text", "text_b", "label"],
        orient="row",
    )
    number = pl.col("label").replace_strict({"negative": -1, "neutral": 0, "positive": 1})
    means = pairs.group_by("text", maintain_order=True).agg(number.mean().alias("number"))
    return {
        f"{kind}{split}.tsv": numbered(
            table.filter(pl.col("text").replace_strict(split_of) == split), split
        )
        for kind, table in (("", pairs), ("means-", means))
        for split in ("train", "valid", "test")
    }


SENTIMENT = re.compile(r"""['"]([^{},:][^{}]*?)['"]: *['"](negative|neutral|positive)['"]""")
"""An entity and its sentiment; names may hold apostrophes, so this is not always Python."""


VERDICTS = {"0": "negative", "1": "positive"}


def sentiment(file: Path, column: str) -> pl.DataFrame:
    """Texts with their verdicts; quotes are plain signs."""
    rows = pl.read_csv(file, separator="\t", quote_char=None, infer_schema=False)
    return rows.select(
        pl.col(column).alias("text"), pl.col("label").replace_strict(VERDICTS).alias("label")
    )


def tatoeba(downloads: Path) -> dict[str, pl.DataFrame]:
    """Translations of one English sentence stay in one split: a twentieth each, seed 1."""
    lines = (downloads / "cmn.txt").read_text(encoding="utf-8").splitlines()
    pairs = pl.DataFrame(
        [line.split("\t")[:2] for line in lines], schema=["source", "target"], orient="row"
    )
    sentences = pairs["source"].unique(maintain_order=True)
    order = np.random.default_rng(1).permutation(len(sentences))
    twentieth = len(sentences) // 20
    held = {
        "test.tsv": sentences[order[:twentieth]],
        "valid.tsv": sentences[order[twentieth : 2 * twentieth]],
        "train.tsv": sentences[order[2 * twentieth :]],
    }
    return {
        name: numbered(pairs.filter(pl.col("source").is_in(chosen.implode())), name[:-4])
        for name, chosen in held.items()
    }


def multi30k(downloads: Path) -> dict[str, pl.DataFrame]:
    """Lines of both languages side by side."""
    found = {}
    for name in ("train", "val", "test_2016_flickr"):
        sides = {"source": lines(downloads / f"{name}.en.gz")}
        sides["target"] = lines(downloads / f"{name}.de.gz")
        found[f"{name}.tsv"] = numbered(pl.DataFrame(sides), name)
    return found


def xquad(downloads: Path) -> dict[str, pl.DataFrame]:
    """English questions; whole articles: 6 to validate, 10 to test, 32 to learn from."""
    return by_article(downloads / "xquad.en.json", valid=6, test=10)


def cmrc2018(downloads: Path) -> dict[str, pl.DataFrame]:
    """Chinese questions; whole pages: 100 to validate, 200 to test, the rest to learn from."""
    return by_article(downloads / "cmrc2018_dev.json", valid=100, test=200)


def by_article(file: Path, *, valid: int, test: int) -> dict[str, pl.DataFrame]:
    """Questions of a file of the SQuAD kind in splits of whole articles, drawn with seed 1."""
    rows = [
        {
            "id": question["id"],
            "document": article["title"] or f"article {number}",
            "question": question["question"],
            "context": paragraph["context"],
            "answers": question["answers"],
        }
        for number, article in enumerate(json.loads(file.read_text(encoding="utf-8"))["data"])
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ]
    titles = sorted({row["document"] for row in rows})
    order = [titles[number] for number in np.random.default_rng(1).permutation(len(titles))]
    held = {"test": set(order[:test]), "valid": set(order[test : test + valid])}
    held["train"] = set(titles) - held["test"] - held["valid"]
    return {
        f"{split}.jsonl": pl.DataFrame([row for row in rows if row["document"] in chosen])
        for split, chosen in held.items()
    }


def talks(downloads: Path) -> dict[str, pl.DataFrame]:
    """Conversations of two people in DialogSum: who begins is the user, the other one replies.

    Learnt from are the first of the authors' validation, scored are the first of their test.
    """
    found = {}
    for name, most in TALKS.items():
        read = conversations(downloads / f"dialogsum.{name}.jsonl")
        cut = [(key, turns[: len(turns) // 2 * 2]) for key, turns in read]
        kept = [(key, turns) for key, turns in cut if turns][:most]
        found[f"{name}.jsonl"] = pl.DataFrame(kept, schema=["id", "messages"], orient="row")
    return found


def questions(downloads: Path) -> dict[str, pl.DataFrame]:
    """Two replies to the same turn, of which one asks a question: preferred is the other one.

    One is that of the conversation, the other a reply of another conversation, drawn with seed 1;
    pairs of which both ask, or neither does, are dropped. So the rule is about form: what is
    preferred is about as often out of place as it is right.
    """
    found = {}
    for name, most in PAIRS.items():
        read = conversations(downloads / f"dialogsum.{name}.jsonl")
        said = [
            (f"{key}-{n}", [turns[n - 1]], turns[n]["content"])
            for key, turns in read
            for n in range(1, len(turns), 2)
        ]
        others = np.random.default_rng(1).permutation(len(said))
        rows = []
        for (key, before, own), other in zip(said, others, strict=True):
            pair = sorted((own, said[other][2]), key=lambda text: "?" in text)
            if ["?" in text for text in pair] == [False, True]:
                rows.append((key, before, *pair))
        order = np.random.default_rng(2).permutation(len(rows))
        drawn = [rows[place] for place in order][:most]
        names = ["id", "messages", "chosen", "rejected"]
        found[f"{name}.jsonl"] = pl.DataFrame(drawn, schema=names, orient="row")
    return found


def conversations(file: Path) -> list[tuple[str, Turns]]:
    """Name and turns of the conversations of two people; lines of one person are one turn."""
    found = []
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        parts = [line.partition(":") for line in row["dialogue"].split("\n")]
        people = list(dict.fromkeys(who for who, _, _ in parts))
        if len(people) != len(ROLES):
            continue
        turns: Turns = []
        for who, _, text in parts:
            role = ROLES[people.index(who)]
            if turns and turns[-1]["role"] == role:
                turns[-1]["content"] += f" {text.strip()}"
            else:
                turns.append({"role": role, "content": text.strip()})
        found.append((row["fname"], turns))
    return found


def dialogsum(downloads: Path) -> dict[str, pl.DataFrame]:
    """Four fifths of dev to learn from, the rest to validate on; three summaries in test.

    Drawn with seed 1. Six dialogues of test are in dev too, as the authors have it.
    """
    dev = pl.read_ndjson(downloads / "dialogsum.dev.jsonl")
    dev = dev.select(pl.col("fname").alias("id"), "dialogue", "summary")
    order = np.random.default_rng(1).permutation(len(dev))
    fifth = len(dev) // 5
    test = pl.read_ndjson(downloads / "dialogsum.test.jsonl").select(
        pl.col("fname").alias("id"),
        "dialogue",
        pl.concat_list("summary1", "summary2", "summary3").alias("summaries"),
    )
    return {
        "train.jsonl": dev[order[fifth:]],
        "valid.jsonl": dev[order[:fifth]],
        "test.jsonl": test,
    }


def weibo(downloads: Path) -> dict[str, pl.DataFrame]:
    """Characters with IOB2 tags; each stands before its place in a word, which is left out."""
    found = {}
    for split, theirs in (("train", "train"), ("valid", "dev"), ("test", "test")):
        text = (downloads / f"weiboNER_2nd_conll.{theirs}").read_text(encoding="utf-8")
        posts = [[line.split("\t") for line in post.splitlines()] for post in text.split("\n\n")]
        posts = [post for post in posts if post]
        words = [[word[:-1] for word, _ in post] for post in posts]
        tags = [_repaired([tag for _, tag in post]) for post in posts]
        found[f"{split}.jsonl"] = numbered(pl.DataFrame({"tokens": words, "tags": tags}), split)
    return found


def _repaired(tags: list[str]) -> list[str]:
    """A span that begins with I- begins with B-, as scorers read it."""
    before = ["O", *tags]
    return [
        f"B{tag[1:]}" if tag[0] == "I" and tag[1:] != last[1:] else tag
        for last, tag in zip(before, tags, strict=False)
    ]


def _apart(labels: dict[str, dict[str, list[list[int]]]]) -> list[dict[str, str | int]]:
    """Spans of a text; one that lies within another, as in a book's title, is left out."""
    found = [
        (start, last + 1, label)
        for label, mentions in labels.items()
        for places in mentions.values()
        for start, last in places
    ]
    kept: list[dict[str, str | int]] = []
    ends = 0
    for start, end, label in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= ends:
            kept.append({"start": start, "end": end, "label": label})
            ends = end
    return kept


def cluener(downloads: Path) -> dict[str, pl.DataFrame]:
    """Texts with spans; the authors' validation is the test, since their test has no labels."""
    found = {}
    for split, theirs in (("train", "train"), ("test", "dev")):
        rows = [
            json.loads(line)
            for line in (downloads / f"{theirs}.json").read_text(encoding="utf-8").splitlines()
        ]
        spans = [_apart(row["label"]) for row in rows]
        table = pl.DataFrame({"text": [row["text"] for row in rows], "spans": spans})
        found[f"{split}.jsonl"] = numbered(table, split)
    return found


def traffic(downloads: Path) -> dict[str, pl.DataFrame]:
    """All series in one long table; what each is called is its file's name."""
    series = [
        pl.read_csv(path).select(pl.lit(path.stem).alias("series"), "timestamp", "value")
        for path in sorted(downloads.glob("*.csv"))
    ]
    cast = [part.with_columns(pl.col("value").cast(float)) for part in series]
    return {"series.tsv": pl.concat(cast)}


def fsdd(downloads: Path) -> dict[str, pl.DataFrame]:
    """Spoken digits, split by take; and split once more, with one speaker held out.

    Clips stay where they are; the tables name them.
    """
    files = sorted(downloads.glob("[0-9]_*_*.wav"))
    names = [file.stem.split("_") for file in files]
    rows = pl.DataFrame(
        {
            "id": [file.stem for file in files],
            "audio": [str(file.absolute()) for file in files],
            "label": [digit for digit, _, _ in names],
            "text": [DIGITS[int(digit)] for digit, _, _ in names],
            "group": [speaker for _, speaker, _ in names],
            "take": [int(take) for _, _, take in names],
        }
    )
    left = rows["take"].max() - pl.col("take")  # takes behind it
    is_test, is_valid = left < TESTED_TAKES, left == TESTED_TAKES
    is_other, is_last = pl.col("group") == HELD_OUT, left == 0
    parts = {
        "train": ~is_test & ~is_valid,
        "valid": is_valid,
        "test": is_test,
        "speakers-train": ~is_other & ~is_last,
        "speakers-valid": ~is_other & is_last,
        "speakers-test": is_other,
    }
    return {f"{name}.tsv": rows.filter(part).drop("take") for name, part in parts.items()}


def lines(packed: Path) -> list[str]:
    """Lines of a gzip file."""
    with gzip.open(packed, "rt", encoding="utf-8") as text:
        return text.read().splitlines()


def numbered(rows: pl.DataFrame, split: str) -> pl.DataFrame:
    """With an id for each row."""
    return rows.with_columns(pl.format("{}-{}", pl.lit(split), pl.int_range(pl.len())).alias("id"))


SETS = {made.__name__: made for made in (scifact, banking77, tatoeba, multi30k, fsdd)}


FOUND = (
    scifact,
    banking77,
    clinc150,
    sst2,
    chnsenticorp,
    sentfin,
    tatoeba,
    multi30k,
    xquad,
    cmrc2018,
    talks,
    questions,
    dialogsum,
    weibo,
    cluener,
    traffic,
    fsdd,
)
SETS = {made.__name__: made for made in FOUND}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=SETS)
    parser.add_argument("downloads", type=Path, help="folder that holds the files")
    chosen = parser.parse_args()
    folder = HERE / chosen.set
    folder.mkdir(exist_ok=True)
    for name, rows in SETS[chosen.set](chosen.downloads).items():
        if name.endswith(".jsonl"):
            rows.write_ndjson(folder / name)
        else:
            rows.write_csv(folder / name, separator="\t")
