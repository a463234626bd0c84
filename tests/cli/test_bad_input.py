"""Bad input gets one sentence: where, what was expected, what came, what to do.

Every case runs the real command, in a folder of its own. It leaves with status 2, says just this
sentence, and leaves the folder as it was.
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from polyculture.cli.main import run

TFIDF = '[base]\nsource = "new"\nkind = "tfidf"\n'
TABLE = '[data]\nsource = "table"\ntrain = "train.csv"\nvalid = "valid.csv"\n'
RECIPE = 'task = "classification"\nname = "small"\n' + TFIDF + TABLE
SPANS = 'task = "spans"\n[base]\nsource = "new"\nkind = "transformer"\n'
COLUMNS = SPANS + '[data]\nsource = "conll"\ntrain = "train.txt"\nvalid = "valid.txt"\n'
OBJECTS = SPANS + '[data]\nsource = "jsonl"\ntrain = "train.jsonl"\nvalid = "valid.jsonl"\n'

REVIEWS = "text,label\n" + "good film,pos\nbad film,neg\n" * 10  # 21 lines
CONLL = "EU B-ORG\nrejects O\ncall O\n\nPeter B-PER\nspoke O\n"  # 6 lines
PETER = json.dumps({"text": "Peter spoke", "spans": [{"start": 0, "end": 5, "label": "PER"}]})
SHORT = json.dumps({"text": "short", "spans": [{"start": 2, "end": 9, "label": "PER"}]})
WIDE = "item,gold,a,b\n1,x,x,x\n2,y,y,x\n3,x,x,y\n"
LONG = "item,model,answer,gold\n1,a,x,x\n1,b,x,x\n2,a,y,y\n2,b,x,y\n"
CELLS = 'item,model,answer,p\n1,a,x,"{cell}"\n1,b,x,"{{""x"": 1.0}}"\n'
STUDY = '[recipe]\ntask = "classification"\n[recipe.data]\nsource = "table"\ntrain = "train.csv"\n'
STUDY += 'valid = "valid.csv"\n'
MODELS = "".join(
    f'[[models]]\nname = "{name}"\n{TFIDF.replace("base", "models.base")}' for name in "ab"
)

TRAIN = ("train", "recipe.toml")
SETS = {"train.csv": REVIEWS, "valid.csv": REVIEWS, "recipe.toml": RECIPE}
AUDIT = ("audit", "answers.csv", "--wide", "--item", "item", "--gold", "gold", "--out", "out")
ROWS = ("audit", "answers.csv", "--item", "item", "--model", "model", "--answer", "answer")
ROWS_GOLD = (*ROWS, "--gold", "gold", "--out", "out")
PROBABLE = (*ROWS, "--probabilities", "p", "--out", "out")

SUFFIXES = ".csv, .tsv, .jsonl, .parquet, .json, .xlsx"
CONVERT = (
    'Convert it once, where you trust it: python -c "from transformers import AutoModel as M; '
    "M.from_pretrained('old').save_pretrained('old')\""
)


class Case(NamedTuple):
    """What lies in the folder, what is typed, and what is said."""

    files: Mapping[str, str | bytes]
    command: Sequence[str]
    told: str


CASES = {
    # files that are missing, empty or of another kind
    "no recipe": Case({}, TRAIN, "There is no file recipe.toml. Check the path."),
    "no study": Case({}, ("study", "s.toml"), "There is no file s.toml. Check the path."),
    "no answers": Case({}, AUDIT, "There is no file answers.csv. Check the path."),
    "no training file": Case(
        {"recipe.toml": RECIPE}, TRAIN, "There is no file train.csv. Check the path."
    ),
    "no run to predict with": Case(
        {"new.csv": "text\nhello\n"},
        ("predict", "runs/small", "new.csv"),
        "runs/small is not a finished run: there is no such folder. Name the folder that "
        "polyculture train printed last.",
    ),
    "no runs to audit": Case(
        {},
        ("audit", "runs/a", "runs/b", "--probe", "test", "--out", "out"),
        "runs/a is not a finished run: there is no such folder. Name the folder that "
        "polyculture train printed last.",
    ),
    "no audit to report": Case(
        {},
        ("report", "audits/none"),
        "There is no folder audits/none. Check the path.",
    ),
    "a folder for a table": Case(
        {"answers.csv/inside": ""},
        AUDIT,
        "answers.csv is a folder, but a file is needed.",
    ),
    "an unknown kind of table": Case(
        {"answers.txt": WIDE},
        ("audit", "answers.txt", *AUDIT[2:]),
        f"Unsupported file type: answers.txt. Use one of {SUFFIXES} (text also as .gz).",
    ),
    "an empty training file": Case(
        {**SETS, "train.csv": ""},
        TRAIN,
        "train.csv is empty, but a table with a header and rows is needed.",
    ),
    "a header alone": Case(
        {**SETS, "valid.csv": "text,label\n"},
        TRAIN,
        "valid.csv has no rows, only a header. Give it at least one row.",
    ),
    "an empty table of answers": Case(
        {"answers.csv": ""},
        AUDIT,
        "answers.csv is empty, but a table with a header and rows is needed.",
    ),
    "an empty CoNLL file": Case(
        {"recipe.toml": COLUMNS, "train.txt": "\n\n", "valid.txt": CONLL},
        TRAIN,
        "train.txt holds no sentence. Give it one word and its tag a line.",
    ),
    "an empty recipe": Case(
        {"recipe.toml": ""}, TRAIN, "recipe.toml lacks the setting 'task'. Add it."
    ),
    # wrong encoding
    "a table that is not UTF-8": Case(
        {**SETS, "train.csv": REVIEWS.encode() + "café,pos\n".encode("latin-1")},
        TRAIN,
        "train.csv, line 22: expected UTF-8 text, got byte 0xe9. Save the file as UTF-8, or name "
        "its encoding, for example encoding = 'latin-1' in [data].",
    ),
    "answers in UTF-16": Case(
        {"answers.csv": WIDE.encode("utf-16")},
        AUDIT,
        "answers.csv, line 1: expected UTF-8 text, got byte 0xff. Save the file as UTF-8, or name "
        "its encoding, for example --encoding utf-16.",
    ),
    "columns that are not UTF-8": Case(
        {"recipe.toml": COLUMNS, "train.txt": CONLL.encode() + b"\xe9 O\n", "valid.txt": CONLL},
        TRAIN,
        "train.txt, line 7: expected UTF-8 text, got byte 0xe9. Save the file as UTF-8, or name "
        "its encoding, for example encoding = 'latin-1' in [data].",
    ),
    "a recipe that is not UTF-8": Case(
        {"recipe.toml": RECIPE.encode() + b"# \xe9\n"},
        TRAIN,
        "recipe.toml is not UTF-8 text. Save it as UTF-8 and try again.",
    ),
    # columns
    "no column of texts": Case(
        {**SETS, "train.csv": REVIEWS.replace("text,", "sentnce,")},
        TRAIN,
        "train.csv has no column 'text'. Name it with text = 'sentnce' or another of: sentnce, "
        "label.",
    ),
    "no column of labels": Case(
        {**SETS, "train.csv": REVIEWS.replace(",label", ",labl")},
        TRAIN,
        "train.csv: there is no column 'label', which this task reads. Did you mean 'labl'? Name "
        "it in [data], as in label = 'its name'.",
    ),
    "no column of items": Case(
        {"answers.csv": WIDE},
        ("audit", "answers.csv", "--wide", "--item", "itm", "--out", "out"),
        "answers.csv has no column 'itm'. Did you mean 'item'?",
    ),
    "no such model": Case(
        {"answers.csv": WIDE},
        (*AUDIT, "--models", "a,c"),
        "answers.csv has no column 'c'. Known are: 'item', 'gold', 'a', 'b'.",
    ),
    # rows
    "unknown labels that the recipe refuses": Case(
        {
            **SETS,
            "recipe.toml": RECIPE.replace(
                '"classification"', '{ kind = "classification", unseen = "refuse" }'
            ),
            "valid.csv": REVIEWS + "so so,neutral\nbad,Neg\n",
        },
        TRAIN,
        "valid.csv, line 22: 2 labels do not occur in train: 'Neg' (valid 1 row), 'neutral' "
        "(valid 1 row). Did you mean 'neg' by 'Neg'? Add training examples, or count such rows as "
        "wrong with unseen = 'wrong' in [task].",
    ),
    "an unknown type of span that the recipe refuses": Case(
        {
            "recipe.toml": COLUMNS.replace('"spans"', '{ kind = "spans", unseen = "refuse" }'),
            "train.txt": CONLL,
            "valid.txt": CONLL + "\nRome B-LOC\n",
        },
        TRAIN,
        "valid.txt, line 8: 1 type of span does not occur in train: 'LOC' (valid 1 row). Add "
        "training examples, or count such rows as wrong with unseen = 'wrong' in [task].",
    ),
    "a label left out": Case(
        {**SETS, "train.csv": REVIEWS + "fine,\n"},
        TRAIN,
        "train.csv, line 22: the column 'label' is empty. Fill it in, or leave the row out.",
    ),
    "a ragged row": Case(
        {**SETS, "train.csv": REVIEWS + "fine, really,pos\n"},
        TRAIN,
        "train.csv, line 22: expected 2 cells as in the header, got 3. Put quotes around cells "
        "that hold the separator ','.",
    ),
    "a ragged CoNLL line": Case(
        {"recipe.toml": COLUMNS, "train.txt": CONLL + "\nRome B-ORG\nis\n", "valid.txt": CONLL},
        TRAIN,
        "train.txt, line 9: expected 2 columns as on the first line, got 1: 'is'. Write one "
        "word and its tag a line.",
    ),
    "a tag of no scheme": Case(
        {"recipe.toml": COLUMNS, "train.txt": CONLL + "\nRome LOC\n", "valid.txt": CONLL},
        TRAIN,
        "train.txt, line 8: expected the tag O, or B-, I-, E-, S- and a label, got 'LOC'. "
        "Choose another column with tag, or write the tags as IOB2.",
    ),
    "a span outside the text": Case(
        {"recipe.toml": OBJECTS, "train.jsonl": f"{PETER}\n{SHORT}\n", "valid.jsonl": PETER},
        TRAIN,
        "train.jsonl, line 2: the span 2 to 9 (PER) lies outside the text of 5 characters. Count "
        "characters from 0, the end excluded.",
    ),
    "an object that breaks off": Case(
        {"recipe.toml": OBJECTS, "train.jsonl": f'{PETER}\n{{"text": "a"', "valid.jsonl": PETER},
        TRAIN,
        "train.jsonl, line 2: expected a JSON object, but it cannot be read (Expecting ',' "
        "delimiter). Write one whole object a line.",
    ),
    "two examples of one id": Case(
        {**SETS, "train.csv": "id,text,label\n7,a,pos\n8,b,neg\n7,c,pos\n"},
        TRAIN,
        "train.csv, line 4: the id '7' is also that of train.csv, line 2. Give every row an id of "
        "its own, or leave the id column out.",
    ),
    "one class only": Case(
        {**SETS, "train.csv": "text,label\na,pos\nb,pos\n"},
        TRAIN,
        "train.csv: every answer is 'pos', so there is nothing to learn. Give examples of at "
        "least two answers.",
    ),
    "no spans": Case(
        {"recipe.toml": COLUMNS, "train.txt": "rain O\n", "valid.txt": "rain O\n"},
        TRAIN,
        "train.txt: there are no spans, so there is nothing to learn. Give examples with spans.",
    ),
    # answers
    "one item twice": Case(
        {"answers.csv": WIDE + "1,x,x,x\n"},
        AUDIT,
        "answers.csv, line 5: item '1' comes a second time (first in line 2). Every item needs an "
        "id of its own.",
    ),
    "one item twice of one model": Case(
        {"answers.csv": LONG + "1,a,y,x\n"},
        ROWS_GOLD,
        "answers.csv, line 6: 'a' answers item '1' a second time (first in line 2). Keep one of "
        "the two rows.",
    ),
    "an item without a name": Case(
        {"answers.csv": WIDE + ",x,x,x\n"},
        AUDIT,
        "answers.csv, line 5: the column 'item' is empty, but it names the item.",
    ),
    "models with different items": Case(
        {"answers.csv": LONG + "3,a,y,x\n"},
        ROWS_GOLD,
        "answers.csv: models are compared on the same items, but 'b' has no row for item '3' (1 "
        "of 3 items are not answered by all). Add the rows (an empty answer counts as wrong), or "
        "add --intersect.",
    ),
    "two right answers to one item": Case(
        {"answers.csv": LONG.replace("2,b,x,y", "2,b,x,x")},
        ROWS_GOLD,
        "answers.csv, line 5: item '2' has 'x' in the column 'gold', but 'y' in line 4. Give all "
        "rows of an item the same.",
    ),
    "one model in a wide table": Case(
        {"answers.csv": "item,gold,a\n1,x,x\n"},
        AUDIT,
        "answers.csv: an audit compares two models or more, but there is only 'a'.",
    ),
    "one model in a long table": Case(
        {"answers.csv": "item,model,answer,gold\n1,a,x,x\n"},
        ROWS_GOLD,
        "answers.csv: an audit compares two models or more, but there is only 'a'.",
    ),
    "one run": Case(
        {},
        ("audit", "runs/a", "--probe", "test", "--out", "out"),
        "An audit compares models, but one run was named. Name two or more.",
    ),
    "probabilities that do not sum to 1": Case(
        {"answers.csv": CELLS.format(cell='{""x"": 0.7, ""y"": 0.7}')},
        PROBABLE,
        "answers.csv, line 2: probabilities have to sum to 1 (within 0.01), but they sum to 1.4. "
        "Give every answer its probability.",
    ),
    "a probability that is not a number": Case(
        {"answers.csv": CELLS.format(cell='{""x"": NaN, ""y"": 0.7}')},
        PROBABLE,
        "answers.csv, line 2: the probability of 'x' has to be from 0 to 1, but is nan.",
    ),
    "a probability that is not an object": Case(
        {"answers.csv": CELLS.format(cell="0.7")},
        PROBABLE,
        'answers.csv, line 2: expected probabilities as a JSON object such as {"yes": 0.75, "no": '
        "0.25}, got '0.7'.",
    ),
    # recipes and studies
    "a recipe that is not TOML": Case(
        {"recipe.toml": "task = \n"},
        TRAIN,
        "recipe.toml is not TOML: Invalid value (at line 1, column 8).",
    ),
    "an unknown setting": Case(
        {**SETS, "recipe.toml": RECIPE + "[fit]\nepoch = 3\n"},
        TRAIN,
        "recipe.toml, line 11: there is no setting 'fit.epoch'. Did you mean 'fit.epochs'?",
    ),
    "an unknown setting of a part": Case(
        {**SETS, "recipe.toml": RECIPE + '[head]\nkind = "mlp"\nhiden = 64\n'},
        TRAIN,
        "recipe.toml, line 12: there is no setting 'head.hiden'. Did you mean 'head.hidden'?",
    ),
    "an unknown setting on the command line": Case(
        SETS,
        (*TRAIN, "--set", "fit.epoch=3"),
        "--set fit.epoch=3: there is no setting 'fit.epoch'. Did you mean 'fit.epochs'?",
    ),
    "an unknown setting of one model of a study": Case(
        {**SETS, "study.toml": STUDY + MODELS + "[models.fit]\nepoch = 1\n"},
        ("study", "study.toml"),
        "study.toml, line 18: there is no setting 'fit.epoch'. Did you mean 'fit.epochs'?",
    ),
    "an unknown part": Case(
        {**SETS, "recipe.toml": RECIPE + '[head]\nkind = "mpl"\n'},
        TRAIN,
        "recipe.toml, line 10, at 'head': There is no 'mpl' in heads. Did you mean 'mlp'?",
    ),
    "a setting of the wrong kind": Case(
        {**SETS, "recipe.toml": RECIPE + '[fit]\nepochs = "many"\n'},
        TRAIN,
        "recipe.toml, line 11: 'fit.epochs' should be a whole number, got 'many'.",
    ),
    "a setting out of range": Case(
        {**SETS, "recipe.toml": RECIPE + "[fit]\nepochs = 0\n"},
        TRAIN,
        "recipe.toml, line 11: 'fit.epochs' should be 1 or more, got 0.",
    ),
    "a setting that is not a number": Case(
        {**SETS, "recipe.toml": RECIPE + "[fit]\nlearning_rate = nan\n"},
        TRAIN,
        "recipe.toml, line 11: 'fit.learning_rate' should be a finite number, got nan.",
    ),
    "a choice that is none": Case(
        SETS,
        (*TRAIN, "--set", "fit.schedule=cosin"),
        "--set fit.schedule=cosin: 'fit.schedule' should be 'linear', 'cosine' or 'constant', "
        "got 'cosin'.",
    ),
    "a change without a value": Case(
        SETS,
        (*TRAIN, "--set", "fit.epochs"),
        "--set wants a setting and its value, as in fit.epochs=2, got 'fit.epochs'.",
    ),
    "a time that is none": Case(
        SETS,
        (*TRAIN, "--budget", "soon"),
        "--budget wants a time such as 90s, 5m or 1.5h, got 'soon'.",
    ),
    "a table that is checked and replaced": Case(
        {"results.toml": 'title = "none"'},
        ("reproduce", "results.toml", "--check", "--replace"),
        "--check trains and writes nothing. Leave out --out, --replace and --earlier.",
    ),
    "parts that do not go together": Case(
        {**SETS, "recipe.toml": RECIPE + '[head]\nkind = "crf"\n'},
        TRAIN,
        "recipe.toml: head 'crf' does not give what the task 'classification' wants (labels). "
        "Choose 'linear' or 'mlp'.",
    ),
    "no rows to validate on": Case(
        {**SETS, "recipe.toml": RECIPE.replace('valid = "valid.csv"\n', "")},
        TRAIN,
        "The data '{work}' has no valid split. Name a file for it in [data], or set hold_out = "
        "0.1 to hold out some of the training rows.",
    ),
    "a study of one model": Case(
        {
            **SETS,
            "study.toml": STUDY
            + '[[models]]\nname = "a"\n[models.base]\nsource = "new"\nkind = "tfidf"\n',
        },
        ("study", "study.toml"),
        "study.toml: a study compares models, but it has one. Name two or more in [[models]].",
    ),
    "a study of two tasks": Case(
        {**SETS, "study.toml": STUDY + MODELS + '[models.task]\nkind = "ordinal"\n'},
        ("study", "study.toml"),
        "study.toml: a study compares models of one task, but 'a' does classification and 'b' "
        "ordinal. Make a study of each.",
    ),
    "a study without its probe": Case(
        {**SETS, "study.toml": STUDY + MODELS},
        ("study", "study.toml"),
        "The data '{work}' has no split 'test' to be the probe. Known are: 'train', 'valid'.",
    ),
    # bases
    "a base that is not there": Case(
        {**SETS, "recipe.toml": RECIPE.replace(TFIDF, '[base]\nsource = "folder"\npath = "old"\n')},
        TRAIN,
        "There is no folder old. Check the path of the base.",
    ),
    "a base with pickled weights only": Case(
        {
            **SETS,
            "recipe.toml": RECIPE.replace(TFIDF, '[base]\nsource = "folder"\npath = "old"\n'),
            "old/config.json": '{"model_type": "bert"}',
            "old/tokenizer.json": "{}",
            "old/pytorch_model.bin": b"\x80",
        },
        TRAIN,
        "old has its weights only as pytorch_model.bin, a format that can run code when it is "
        f"opened. {CONVERT}",
    ),
    "a starter that does not exist": Case(
        {
            **SETS,
            "recipe.toml": RECIPE.replace(
                TFIDF, '[base]\nsource = "starter"\nname = "minilm-16"\n'
            ),
        },
        TRAIN,
        "There is no starter model 'minilm-16'. Did you mean 'minilm-l6'?",
    ),
    "a starter that is not fetched": Case(
        {
            **SETS,
            "recipe.toml": RECIPE.replace(
                TFIDF, '[base]\nsource = "starter"\nname = "minilm-l6"\n'
            ),
        },
        TRAIN,
        "'minilm-l6' is not fetched yet. Run: polyculture starter fetch minilm-l6",
    ),
    # the command line
    "an audit that is there already": Case(
        {"answers.csv": WIDE, "out/audit.json": "{}"},
        AUDIT,
        "out exists already and is never replaced, since it has no mark of polyculture (earlier "
        "versions left none). Choose another place.",
    ),
    "runs without a probe": Case(
        {"runs/a/run.json": "{}"},
        ("audit", "runs/a", "--out", "out"),
        "runs/a is a run. Name the split on which runs are compared: --probe test",
    ),
    "a table whose items have no name": Case(
        {"answers.csv": "gold,a,b\nx,x,y\nx,x,y\n"},
        ("audit", "answers.csv", "--out", "out"),
        "answers.csv: no column could be recognised as the ids of the items. Name it with --item; "
        "the columns are: 'gold', 'a', 'b'.",
    ),
    "two columns of items": Case(
        {"answers.csv": "id,item,gold,a,b\n1,4,x,x,y\n2,5,x,x,y\n"},
        ("audit", "answers.csv", "--out", "out"),
        "answers.csv: the columns 'id' and 'item' could both be the ids of the items. Say which: "
        "--item id or --item item.",
    ),
    "two tables at once": Case(
        {"answers.csv": WIDE},
        ("audit", "answers.csv", "more.csv", "--item", "item", "--out", "out"),
        "An audit reads one table of answers, got 2 paths. Put all models into one table; "
        "folders of runs need --probe NAME.",
    ),
    "an unknown shelf": Case(
        {}, ("parts", "measure"), "There is no shelf 'measure'. Did you mean 'measures'?"
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, and a cache without any starter."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.rglob("*")):
        found[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else b""
    return found


@pytest.mark.parametrize("name", CASES)
def test_one_sentence_says_what_is_wrong(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 2, and nothing is written."""
    case = CASES[name]
    for path, content in case.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = contents(folder)

    with pytest.raises(SystemExit) as left:
        run(list(case.command))

    printed = capsys.readouterr()
    lines = printed.err.splitlines(keepends=True)
    said = "".join(line for line in lines if not line.startswith("  "))  # phases are indented
    said = said.replace(f"{folder}/", "").replace(f"{folder}", "{work}")
    assert said == f"Error: {case.told.replace('{work}', folder.name)}\n"
    assert printed.out == ""
    assert left.value.code == 2
    assert contents(folder) == before


def command_line(*words: str) -> list[str]:
    return [sys.executable, "-m", "polyculture", *words]


TRAINING = (
    '[base]\nsource = "new"\nkind = "transformer"\nwidth = 32\nlayers = 1\n[data]\n'
    'source = "table"\ntrain = "train.csv"\nvalid = "valid.csv"\n'
    '[fit]\nepochs = 10000\npatience = 10000\nthreads = 1\nprecision = "float32"\n'
)


@pytest.fixture
def hears_of_hanging_up() -> Iterator[None]:
    """Children heed SIGHUP, also where whoever runs the tests ignores it, as nohup does."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.slow
@pytest.mark.usefixtures("hears_of_hanging_up")
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_training_with_a_checkpoint_from_which_it_resumes(
    folder: Path, number: int, status: int
) -> None:
    """After the step in hand; the sentence names the command, and the log has each step once."""
    for name in ("train.csv", "valid.csv"):
        (folder / name).write_text(REVIEWS, encoding="utf-8")
    (folder / "recipe.toml").write_text(f'task = "classification"\n{TRAINING}', encoding="utf-8")
    unfinished = folder / "runs" / ".transformer-full-linear-seed1.unfinished"
    log = unfinished / "run" / "log.jsonl"
    words = command_line("train", "recipe.toml", "--out", "runs")
    steps = []
    said = ""
    for _ in range(2):
        process = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        size = log.stat().st_size if log.exists() else 0
        for _ in range(1200):
            if (log.exists() and log.stat().st_size > size) or process.poll() is not None:
                break
            time.sleep(0.05)

        process.send_signal(number)
        _, said = process.communicate(timeout=60)

        assert process.returncode == status, said
        assert "Traceback" not in said
        end = re.fullmatch(
            r"Stopped at step ([\d,]+) of 10,000. The same command resumes: "
            r"polyculture train recipe.toml --out runs",
            said.splitlines()[-1],
        )
        assert end, said
        steps.append(int(end[1].replace(",", "")))

    assert f"resuming from step {steps[0]:,} of 10,000" in said
    logged = [json.loads(line)["step"] for line in log.read_text(encoding="utf-8").splitlines()]
    assert len(logged) == len(set(logged))
    assert [path.name for path in (folder / "runs").iterdir()] == [unfinished.name]


@pytest.mark.slow
@pytest.mark.usefixtures("hears_of_hanging_up")
def test_a_terminal_that_has_gone_costs_no_checkpoint(folder: Path) -> None:
    """Nothing can be written to it any more; training goes on, and ends as it should."""
    for name in ("train.csv", "valid.csv"):
        (folder / name).write_text(REVIEWS, encoding="utf-8")
    (folder / "recipe.toml").write_text(f'task = "classification"\n{TRAINING}', encoding="utf-8")
    unfinished = folder / "runs" / ".transformer-full-linear-seed1.unfinished"
    process = subprocess.Popen(
        command_line("train", "recipe.toml", "--out", "runs"),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    assert process.stderr is not None
    process.stderr.close()
    log = unfinished / "run" / "log.jsonl"
    for _ in range(1200):
        if (log.exists() and log.stat().st_size) or process.poll() is not None:
            break
        time.sleep(0.05)

    process.send_signal(signal.SIGHUP)

    assert process.wait(timeout=60) == 129
    assert list((unfinished / "checkpoint").glob("step-*.json"))


@pytest.mark.slow
def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_written(folder: Path) -> None:
    """A file system of 64 kB takes no report."""
    (folder / "answers.csv").write_text(WIDE, encoding="utf-8")
    small = folder / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be made by root")
    try:
        done = subprocess.run(
            command_line(*AUDIT[:-1], "small/out"), capture_output=True, text=True, check=False
        )
        left = list(small.iterdir())
    finally:
        subprocess.run(["umount", str(small)], check=True)

    assert done.returncode == 2
    assert done.stderr.partition("\n")[2] == (
        "Error: The disk of small/out is full. Free some space, then run the same command again.\n"
    )
    assert left == []
