"""Claims and the abstracts that are relevant to them."""

import ast
from collections import defaultdict
from pathlib import Path

import polars as pl


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
