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
python examples/public_sets.py samsum DOWNLOADS       test.csv, in English
python examples/public_sets.py weibo DOWNLOADS        weiboNER_2nd_conll.train, .dev, .test
python examples/public_sets.py cluener DOWNLOADS      train.json, dev.json
python examples/public_sets.py traffic DOWNLOADS      data/realTraffic of NAB, seven .csv
python examples/public_sets.py fsdd DOWNLOADS         0_george_0.wav, ..., the Free Spoken Digits
python examples/public_sets.py clips DOWNLOADS        test/data of pocketsphinx (Debian's -testdata)

Nothing is downloaded here. Each set has a licence of its own, and not all allow redistribution.
"""

import argparse
from pathlib import Path

from sets import dialogues, labels, names, pairs, questions, search, signals

HERE = Path(__file__).parent
FOUND = (
    search.scifact,
    labels.banking77,
    labels.clinc150,
    labels.sst2,
    labels.chnsenticorp,
    labels.sentfin,
    pairs.tatoeba,
    pairs.multi30k,
    questions.xquad,
    questions.cmrc2018,
    dialogues.talks,
    dialogues.questions,
    dialogues.dialogsum,
    dialogues.samsum,
    names.weibo,
    names.cluener,
    signals.traffic,
    signals.fsdd,
    signals.clips,
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
