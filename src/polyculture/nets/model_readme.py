"""The README beside a saved model: what opens the folder, and what would only seem to."""

from pathlib import Path

from transformers import PreTrainedTokenizerBase

from polyculture.core.task import WordSpaces
from polyculture.nets.convolutional import ConvolutionalText
from polyculture.nets.network import Network
from polyculture.nets.word_tokens import carries_spaces

FILE = "README.md"
STANDARD = """# A fine-tuned model

A plain Hugging Face folder. transformers opens it with its head:

```python
from transformers import {kind}, AutoTokenizer
model = {kind}.from_pretrained("{folder}")
tokenizer = AutoTokenizer.from_pretrained("{folder}")
```

{reading}`polyculture predict` answers the texts of a file with the run that this folder belongs to.
"""
KINDS = {
    "labels": "AutoModelForSequenceClassification",
    "word_labels": "AutoModelForTokenClassification",
}
"""What opens a standard head of labels; any other opens by the name of its own class."""
WORDS = "A word's label is that of its first token. "
SPACES = """Words go in as they stand in a text, Chinese ones without a space before them:
`polyculture predict` and `polyculture.nets.word_tokens.tokenize_words` give them so,
`is_split_into_words=True` alone does not.

"""
OWN = """# A fine-tuned model with a head of its own

**No `AutoModelFor…` class serves this folder**: it would put a random head on the body and answer
at random. The trained head is in `head.safetensors`, and `run.json` beside this folder says how it
is built. Answer the texts of a file with `polyculture predict` and the run of this folder.

{body}
"""
BODY = """The body alone, without answers, opens with transformers:

```python
from transformers import AutoModel, AutoTokenizer
body = AutoModel.from_pretrained("{folder}")
tokenizer = AutoTokenizer.from_pretrained("{folder}")
```"""
CONVOLUTIONAL = (
    "The body is a small convolutional network (`convolutional.json`), no class of transformers."
)


def write_readme(
    network: Network, tokenizer: PreTrainedTokenizerBase, folder: Path, spaces: WordSpaces
) -> None:
    """Write ``README.md`` into a model's folder.

    Args:
        network: The model.
        tokenizer: Its tokenizer.
        folder: Where.
        spaces: Which words it saw with a space before them.
    """
    name = folder.name
    in_text = (
        network.output == "word_labels" and spaces == "as_in_text" and carries_spaces(tokenizer)
    )
    on_spaces = SPACES if in_text else ""
    if network.head is None:
        text = STANDARD.format(
            kind=KINDS.get(network.output, type(network.model).__name__),
            folder=name,
            reading=WORDS + on_spaces if network.output == "word_labels" else "",
        )
    elif isinstance(network.model, ConvolutionalText):
        text = OWN.format(body=CONVOLUTIONAL)
    else:
        text = OWN.format(body=f"{BODY.format(folder=name)}\n\n{on_spaces}".rstrip())
    (folder / FILE).write_text(text, encoding="utf-8")
