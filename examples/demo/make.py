"""Make the table that ``polyculture demo`` audits: train the models, write their answers.

    python examples/demo/make.py

trains the models of ``study.toml``, which needs the extra ``train`` and three starter models
(polyculture starter fetch minilm-l6 minilm-l3 me5-small), and writes
``src/polyculture/samples/messages.csv``. What was trained before is kept.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import polars as pl

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "src" / "polyculture" / "samples" / "messages.csv"
ANSWER = "answer: "


def table_of(items: pl.DataFrame) -> pl.DataFrame:
    """The items of an audit as a wide table: a row for each item, a column for each model."""
    models = [name for name in items.columns if name.startswith(ANSWER)]
    return items.select(
        pl.col("item").alias("id"),
        "text",
        "group",
        "gold",
        *(pl.col(name).alias(name.removeprefix(ANSWER)) for name in models),
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the study and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--study", type=Path, default=HERE / "study.toml")
    parser.add_argument("--out", type=Path, default=Path("studies/demo"))
    parser.add_argument("--table", type=Path, default=TABLE)
    asked = parser.parse_args(arguments)
    command = ["study", str(asked.study), "--out", str(asked.out), "--replace", "--keep-runs"]
    subprocess.run([sys.executable, "-m", "polyculture", *command], check=True)
    items = pl.read_parquet(asked.out / "audit" / "items.parquet")
    table_of(items).write_csv(asked.table)


if __name__ == "__main__":
    main()
