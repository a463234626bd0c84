"""Models in unusual formats become plain folders; each format is tried on a tiny file."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

from polyculture.core.errors import StarterError
from polyculture.sources.starter.bert import write_bert
from polyculture.sources.starter.converters import gguf, hugging_face, packed_bert
from polyculture.sources.starter.converters.onnx_bert import read_weights
from polyculture.sources.starter.packed import read_packed

WIDTH, INNER, VOCABULARY, POSITIONS = 32, 64, 9, 16
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "\u2581", "\u2581good", "\u2581film", "好", "<mask>")
Weights = dict[str, NDArray[np.float32]]


@pytest.fixture
def bert() -> BertModel:
    """A BERT of one layer."""
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=INNER,
        max_position_embeddings=POSITIONS,
    )
    return BertModel(config, add_pooling_layer=False).eval()


def weights_of(model: BertModel) -> Weights:
    return {
        name: np.asarray(value.detach().numpy())
        for name, value in model.state_dict().items()
        if not name.endswith("_ids")
    }


def opened(folder: Path) -> Any:
    return AutoModel.from_pretrained(folder, dtype=torch.float32, add_pooling_layer=False).eval()


def same_answers(a: Any, b: Any) -> bool:
    tokens = torch.tensor([[0, 5, 6, 7, 2]])
    with torch.no_grad():
        return bool(torch.equal(a(input_ids=tokens)[0], b(input_ids=tokens)[0]))


def test_a_hugging_face_folder_is_cleaned(bert: BertModel, tmp_path: Path) -> None:
    """Half precision becomes float32, and what a past caller chose about cutting goes."""
    source, target = tmp_path / "from", tmp_path / "to"
    bert.save_pretrained(source)
    half = {name: value.astype(np.float16) for name, value in weights_of(bert).items()}
    half["embeddings.position_ids"] = np.arange(POSITIONS)[None].astype(np.float16)
    save_file(half, source / "model.safetensors")
    cut = {"truncation": {"max_length": 3}, "padding": {"strategy": "BatchLongest"}}
    (source / "tokenizer.json").write_text(json.dumps({"version": "1.0", **cut}))
    (source / "tokenizer_config.json").write_text(
        json.dumps({"unk_token": "[UNK]", "max_length": 3, "model_max_length": 99})
    )
    target.mkdir()

    hugging_face.convert(source, target)
    written = load_file(target / "model.safetensors")
    tokenizer = json.loads((target / "tokenizer.json").read_text())

    assert {str(value.dtype) for value in written.values()} == {"float32"}
    assert "embeddings.position_ids" not in written
    assert tokenizer["truncation"] is tokenizer["padding"] is None
    assert json.loads((target / "tokenizer_config.json").read_text()) == {
        "unk_token": "[UNK]",
        "model_max_length": POSITIONS,
    }


def onnx_file(path: Path, weights: Weights) -> Path:
    """An export as torch makes it: products lose their names and keep them in the node's."""
    tensors, nodes = [], []
    for number, (name, value) in enumerate(weights.items()):
        is_product = value.ndim == 2 and "embeddings" not in name
        stored = f"onnx::MatMul_{number}" if is_product else f"encoder.auto_model.{name}"
        tensors.append(numpy_helper.from_array(value.T.copy() if is_product else value, stored))
        if is_product:
            node = "/encoder/auto_model/" + name.removesuffix(".weight").replace(".", "/")
            node = node.replace("layer/0", "layer.0") + "/MatMul"
            nodes.append(helper.make_node("MatMul", ["x", stored], [f"y{number}"], name=node))
    nodes.append(helper.make_node("MatMul", ["x", "y0"], ["scores"], name="/attention/MatMul"))
    graph = helper.make_graph(nodes, "g", [], [], initializer=tensors)
    onnx.save(helper.make_model(graph), str(path))
    return path


def test_weights_come_out_of_an_onnx_export(bert: BertModel, tmp_path: Path) -> None:
    """The rebuilt model gives the very same vectors."""
    file = onnx_file(tmp_path / "tiny.onnx", weights_of(bert))

    write_bert(tmp_path, read_weights(file), source=file.name, heads=2)

    assert same_answers(bert, opened(tmp_path))


def test_a_tensor_that_is_too_short_is_named(bert: BertModel, tmp_path: Path) -> None:
    """File and tensor are named, not an index of a library."""
    file = onnx_file(tmp_path / "tiny.onnx", weights_of(bert))
    model = onnx.load(str(file))
    broken = next(t for t in model.graph.initializer if "word_embeddings" in t.name)
    broken.raw_data = broken.raw_data[:-4]
    onnx.save(model, str(file))

    with pytest.raises(StarterError, match=r"tiny\.onnx.*word_embeddings.*should hold 288"):
        read_weights(file)


def test_weights_in_another_file_are_not_followed(tmp_path: Path) -> None:
    """An ONNX tensor may point to any path; none is opened."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    graph = helper.make_graph([], "g", [], [], initializer=[tensor])
    (tmp_path / "a.onnx").write_bytes(helper.make_model(graph).SerializeToString())

    with pytest.raises(StarterError, match="should hold 2"):
        read_weights(tmp_path / "a.onnx")


def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path) -> None:
    """One sentence."""
    (tmp_path / "a.onnx").write_bytes(b"\xff\xff\xff\xff")

    with pytest.raises(StarterError, match="is no ONNX file"):
        read_weights(tmp_path / "a.onnx")


def test_a_missing_weight_is_named(bert: BertModel, tmp_path: Path) -> None:
    """Half an encoder is not written as a whole one."""
    weights = weights_of(bert)
    del weights["encoder.layer.0.output.dense.bias"]

    with pytest.raises(StarterError, match=r"lacks the weight 'encoder\.layer\.0\.output"):
        write_bert(tmp_path, weights, source="tiny", heads=2)


SHORT = {module: short for short, module in (packed_bert.MATRICES | packed_bert.NORMS).items()}
PLAIN = {
    "embeddings.position_embeddings.weight": "emb.pos",
    "embeddings.token_type_embeddings.weight": "emb.type",
    "embeddings.LayerNorm.weight": "emb.ln.w",
    "embeddings.LayerNorm.bias": "emb.ln.b",
}


def packed_name(name: str) -> str:
    if name == "embeddings.word_embeddings.weight":
        return "emb.word"
    if name in PLAIN:
        return PLAIN[name]
    module, kind = name.removeprefix("encoder.layer.0.").rsplit(".", 1)
    return f"l0.{SHORT[module]}.{kind[0]}"


def four_bits(value: NDArray[np.float32]) -> tuple[bytes, NDArray[np.float32]]:
    """Blocks of 32 weights, and what they stand for."""
    blocks = value.reshape(-1, 32)
    scale = (np.abs(blocks).max(axis=1, keepdims=True) / 7).astype(np.float16)
    scale[scale == 0] = 1
    half = np.clip(np.round(blocks / scale.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    pairs = half[:, :16] | (half[:, 16:] << 4)
    raw = np.concatenate([scale.view(np.uint8).reshape(-1, 2), pairs], axis=1).tobytes()
    return raw, ((half.astype(np.float32) - 8) * scale).reshape(value.shape).astype(np.float32)


def packed_file(path: Path, weights: Weights) -> Weights:
    """Write the packed format; gives the weights that it really holds."""
    sizes = (WIDTH, 1, 2, INNER, VOCABULARY, POSITIONS, 2)
    head = struct.pack("<4sI7ifi", b"E5S1", 1, *sizes, 1e-12, 32)
    texts = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, texts)])
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, texts)))
    head += struct.pack(f"<{len(offsets)}I", *offsets)
    head += struct.pack(f"<{len(PIECES)}f", *[-float(n) for n in range(len(PIECES))])
    head += b"".join(texts)
    forms = struct.pack("<IB", 0x7, 0) + struct.pack("<IBI", 0x85, 1, 0x20)
    head += struct.pack("<iI", 2, len(forms)) + forms
    held, tensors = {}, {}
    for name, value in weights.items():
        is_matrix = value.ndim == 2 and name not in PLAIN
        tensors[packed_name(name)], held[name] = (
            four_bits(value) if is_matrix else (value.tobytes(), value)
        )
    at = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name in tensors)
    listing = struct.pack("<i", len(tensors))
    for name, raw in tensors.items():
        listing += struct.pack("<H", len(name)) + name.encode()
        listing += struct.pack("<BIQQ", 0, 0, at, len(raw))
        at += len(raw)
    path.write_bytes(head + listing + b"".join(tensors.values()))
    return held


def test_weights_come_out_of_four_bit_blocks(bert: BertModel, tmp_path: Path) -> None:
    """Every weight is exactly what its block stands for."""
    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    target.mkdir()
    held = packed_file(source / "tiny.bin", weights_of(bert))

    packed_bert.convert(source, target)
    bert.load_state_dict({name: torch.from_numpy(value) for name, value in held.items()})

    assert same_answers(bert, opened(target))


def test_the_packed_tokenizer_reads_words_and_chinese(bert: BertModel, tmp_path: Path) -> None:
    """Spaces, control characters and text cut into words are treated as the file says."""
    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    target.mkdir()
    packed_file(source / "tiny.bin", weights_of(bert))

    packed_bert.convert(source, target)
    tokenizer = AutoTokenizer.from_pretrained(target)
    words = tokenizer(["good", "film", "好"], is_split_into_words=True)

    assert tokenizer("good\u0007  film")["input_ids"] == [0, 5, 6, 2]
    assert tokenizer("good\u0085film")["input_ids"] == [0, 5, 6, 2]
    assert words.word_ids() == [None, 0, 1, 2, 2, None]
    assert tokenizer.pad_token_id == 1
    assert tokenizer.model_max_length == POSITIONS


@pytest.mark.parametrize("share", [0.01, 0.05, 0.2, 0.5, 0.99])
def test_a_packed_file_that_ends_early_is_refused(
    bert: BertModel, tmp_path: Path, share: float
) -> None:
    """The message names file and offset, wherever the file breaks off."""
    file = tmp_path / "tiny.bin"
    packed_file(file, weights_of(bert))
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(StarterError, match=r"tiny\.bin, offset \d+"):
        packed_bert.weights_of(read_packed(file))


def test_another_file_is_not_taken_for_a_packed_one(tmp_path: Path) -> None:
    """The mark at its beginning decides."""
    (tmp_path / "a.bin").write_bytes(b"PK\x03\x04" + bytes(100))

    with pytest.raises(StarterError, match=r"a\.bin, offset 0"):
        read_packed(tmp_path / "a.bin")


def gguf_file(path: Path) -> Weights:
    """A tiny LLaMA with a byte-level vocabulary; gives its weights by the format's names."""
    from gguf import GGUFWriter

    rng = np.random.default_rng(5)
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(64)
    writer.add_head_count(2)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10_000.0)
    writer.add_rope_dimension_count(16)
    writer.add_tokenizer_model("gpt2")
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "g", "o", "d", "Ġ", "go", "od"]
    writer.add_vocab_size(len(tokens))
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3, 1, 1, 1, 1, 1, 1])
    writer.add_token_merges(["g o", "o d"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    shapes = {
        "token_embd.weight": (len(tokens), 32),
        "output_norm.weight": (32,),
        "blk.0.attn_norm.weight": (32,),
        "blk.0.ffn_norm.weight": (32,),
        "blk.0.ffn_gate.weight": (64, 32),
        "blk.0.ffn_up.weight": (64, 32),
        "blk.0.ffn_down.weight": (32, 64),
        **{f"blk.0.attn_{part}.weight": (32, 32) for part in ("q", "k", "v", "output")},
    }
    weights = {name: rng.normal(size=s).astype(np.float32) for name, s in shapes.items()}
    for name, value in weights.items():
        writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return weights


def test_a_decoder_comes_out_of_a_gguf_file(tmp_path: Path) -> None:
    """The folder opens as a model and as a classifier, with the numbers of the file."""
    from transformers import AutoModelForSequenceClassification

    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    target.mkdir()
    weights = gguf_file(source / "tiny.gguf")

    gguf.convert(source, target)
    model = AutoModel.from_pretrained(target, dtype=torch.float32)
    classifier = AutoModelForSequenceClassification.from_pretrained(target, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(target)

    assert np.array_equal(model.embed_tokens.weight.detach().numpy(), weights["token_embd.weight"])
    assert model.layers[0].mlp.up_proj.weight.dtype == torch.float32
    assert classifier.model.embed_tokens.weight.shape == (9, 32)
    assert tokenizer("good")["input_ids"] == [7, 8]
    assert tokenizer.model_max_length == 64
    assert "transformers_version" not in json.loads((target / "config.json").read_text())


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    """One sentence."""
    (tmp_path / "a.gguf").write_bytes(b"nothing of the kind")

    with pytest.raises(StarterError, match="cannot be read as a GGUF model"):
        gguf.convert(tmp_path, tmp_path / "out")
