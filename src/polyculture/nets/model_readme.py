"""The README beside a saved model: what opens the folder, and what would only seem to."""

from pathlib import Path

from polyculture.nets.convolutional import ConvolutionalText
from polyculture.nets.network import Network

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
WORDS = "A word's label is that of its first token. "
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


def write_readme(network: Network, folder: Path) -> None:
    """Write ``README.md`` into a model's folder."""
    name = folder.name
    if network.head is None:
        is_text = network.level == "text"
        text = STANDARD.format(
            kind=f"AutoModelFor{'Sequence' if is_text else 'Token'}Classification",
            folder=name,
            reading="" if is_text else WORDS,
        )
    elif isinstance(network.model, ConvolutionalText):
        text = OWN.format(body=CONVOLUTIONAL)
    else:
        text = OWN.format(body=BODY.format(folder=name))
    (folder / FILE).write_text(text, encoding="utf-8")
