"""The README beside a saved model: how to open the folder, and how not to."""

from pathlib import Path

from transformers import PreTrainedTokenizerBase

from polyculture.core.task import WordSpaces
from polyculture.nets.bodies.convolutional import FILE as CONVOLUTIONAL
from polyculture.nets.bodies.convolutional import ConvolutionalText
from polyculture.nets.bodies.own_bodies import OwnBody
from polyculture.nets.network import Network
from polyculture.nets.reading.pictures import PictureReader
from polyculture.nets.reading.series import SeriesReader
from polyculture.nets.reading.sounds.clips import SoundReader
from polyculture.nets.text.word_tokens import carries_spaces

FILE = "README.md"
STANDARD = """# A fine-tuned model

A plain Hugging Face folder. transformers opens it with its head:

```python
from transformers import {kind}, {reader}
model = {kind}.from_pretrained("{folder}")
{name} = {reader}.from_pretrained("{folder}")
```

{reading}`polyculture predict` answers the {rows} of a file with the run of this folder.
"""
WORDS = "A word's label is that of its first token. "
SPACES = """Words go in as they stand in a text, Chinese ones without a space before them:
`polyculture predict` and `polyculture.nets.text.word_tokens.tokenize_words` give them so,
`is_split_into_words=True` alone does not.

"""
OWN = """# A fine-tuned model with a head of its own

**No `AutoModelFor…` class serves this folder**: it would put a random head on the body and answer
at random. The trained head is in `head.safetensors`, and `run.json` beside this folder says how it
is built. Answer the {rows} of a file with `polyculture predict` and the run of this folder.

{body}
"""
BODY = """The body alone, without answers, opens with transformers:

```python
from transformers import AutoModel, {reader}
body = AutoModel.from_pretrained("{folder}")
{name} = {reader}.from_pretrained("{folder}")
```"""
WITHOUT_READER = """The body alone, without answers, opens with transformers:

```python
from transformers import AutoModel
body = AutoModel.from_pretrained("{folder}")
```"""
OURS = "The body is a small network of ours (`{settings}`), not a class of transformers."
TEXT = {
    "kind": "AutoModelForSequenceClassification",
    "reader": "AutoTokenizer",
    "name": "tokenizer",
    "rows": "texts",
}
PICTURES = {
    "kind": "AutoModelForImageClassification",
    "reader": "AutoImageProcessor",
    "name": "processor",
    "rows": "pictures",
}
SOUNDS = {
    "kind": "AutoModelForAudioClassification",
    "reader": "AutoFeatureExtractor",
    "name": "extractor",
    "rows": "clips",
}
SERIES = {"rows": "series"}  # transformers has no reader of these
"""Words for what a model reads."""


def write_readme(
    network: Network,
    reader: PreTrainedTokenizerBase | PictureReader | SoundReader | SeriesReader,
    folder: Path,
    spaces: WordSpaces,
) -> None:
    """Write ``README.md`` into a model's folder.

    Args:
        network: The model.
        reader: Its tokenizer, or reader of pictures, sounds or series.
        folder: Where.
        spaces: Which words it saw with a space before them.
    """
    name = folder.name
    words, on_spaces = PICTURES, ""
    if isinstance(reader, SoundReader):
        words = SOUNDS
    elif isinstance(reader, SeriesReader):
        words = SERIES
    elif not isinstance(reader, PictureReader):
        words = TEXT
        in_text = network.output == "word_labels" and spaces == "as_in_text"
        on_spaces = SPACES if in_text and carries_spaces(reader) else ""
    if network.head is None:
        kind = {
            "labels": words["kind"],
            "word_labels": "AutoModelForTokenClassification",
        }.get(network.output, type(network.model).__name__)
        text = STANDARD.format(
            folder=name,
            reading=WORDS + on_spaces if network.output == "word_labels" else "",
            **(words | {"kind": kind}),
        )
    elif isinstance(network.model, OwnBody):
        is_text = isinstance(network.model, ConvolutionalText)
        body = OURS.format(settings=CONVOLUTIONAL if is_text else "config.json")
        text = OWN.format(body=body, **words)
    else:
        body = (BODY if "reader" in words else WITHOUT_READER).format(folder=name, **words)
        text = OWN.format(body=f"{body}\n\n{on_spaces}".rstrip(), **words)
    (folder / FILE).write_text(text, encoding="utf-8")
