"""In whatever form weights are kept, a loaded model scores as transformers' own does.

Full weights: within rounding of the storage type. Packed ones: the prompt is encoded in full,
so that the first token is scored as before, and what is written after it as by matrices packed
here. How much four bits lose says nothing on random weights.
"""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from engine.cache.base import Proposal, run_to_end
from engine.cache.kernels import Kernels
from engine.cache.parts import CacheParts
from engine.model import loader
from engine.model.configuration import DecoderConfiguration
from engine.model.decoder import Decoder
from engine.model.layers import LayerWeights, Linear, ModelWeights, PreparedLinear
from engine.model.loader import RotatingModel, load_model
from engine.model.packed import pack, packed_weights
from engine.model.prepared import prepare, should_prepare
from engine.settings import EngineSettings
from engine.tokens import TokenArray
from engine.types import never_interrupt
from engine.weights.location import CACHE_VARIABLE
from tests.contracts.test_live_cache import make_decoder
from tests.unit.engine.families import PACKABLE, ROTATING, make_network, save_network

LENGTH = 60
STORED_AS = ("float32", "bfloat16")
LEAST_COSINE = {"float32": 0.999999, "bfloat16": 0.99}


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture(params=[False, True], ids=["as read", "prepared"])
def is_prepared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Decide what a test of speed would decide."""
    if request.param and not _has_prepared_products():
        pytest.skip("this build has no prepared products")
    monkeypatch.setattr(loader, "should_prepare", lambda _: request.param)
    return request.param


def _has_prepared_products(dtype: torch.dtype = torch.float32) -> bool:
    """Of bfloat16 there are none without AVX-512 or the like."""
    try:
        weight, hidden = torch.ones(4, 4, dtype=dtype), torch.ones(1, 4, dtype=dtype)
        PreparedLinear.of(Linear(weight, None))(hidden)
    except (AttributeError, RuntimeError):
        return False
    return True


def plain_kernels(configuration: DecoderConfiguration, _: torch.dtype) -> Kernels:
    return Kernels.plain(configuration.attention_softcap)


def load(folder: Path, decode_weights: str, storage_type: str) -> RotatingModel:
    settings = EngineSettings(
        device="cpu", storage_type=storage_type, decode_weights=decode_weights
    )
    with pytest.MonkeyPatch.context() as patch:  # the fastest may be another at each loading
        patch.setattr(Kernels, "fastest", plain_kernels)
        model = load_model(folder, "tiny", settings)
    assert isinstance(model, RotatingModel)
    return model


def scores(model: RotatingModel, tokens: TokenArray) -> Tensor:
    """Score what follows all but three tokens and each of those, (4, V)."""
    prompt, rest = tokens[:-3], tokens[-3:]
    cache = model.new_cache()
    run_to_end(cache.sync(prompt, len(prompt), never_interrupt))
    branches = cache.branch(1, 8)
    rows = [branches.first_logits(never_interrupt)]
    rows += [branches.step([Proposal(0, (int(each),))], never_interrupt)[0] for each in rest]
    return torch.stack(rows)


def expected_scores(network: PreTrainedModel, tokens: TokenArray) -> Tensor:
    with torch.no_grad():
        return network(torch.from_numpy(tokens.astype(np.int64))[None]).logits[0, -4:]


def least_cosine(ours: Tensor, theirs: Tensor) -> float:
    return float(torch.cosine_similarity(ours.float(), theirs.float(), dim=1).min())


@pytest.mark.parametrize("family", sorted(ROTATING))
def test_every_form_scores_as_transformers_does(
    *, family: str, is_prepared: bool, tmp_path: Path
) -> None:
    network = make_network(family, **PACKABLE)
    folder = save_network(network, tmp_path / "model")
    tokens = np.random.default_rng(1).integers(3, PACKABLE["vocab_size"], LENGTH).astype(np.int32)
    expected = expected_scores(network, tokens)
    for storage_type in STORED_AS:
        if is_prepared and not _has_prepared_products(getattr(torch, storage_type)):
            continue
        full = load(folder, "full", storage_type)
        assert not full.is_packed
        assert holds_prepared(full) == is_prepared
        assert least_cosine(scores(full, tokens), expected) > LEAST_COSINE[storage_type]
        for decode_weights in ("int4", "auto"):
            model = load(folder, decode_weights, storage_type)
            assert model.is_packed or decode_weights == "auto"
            assert_begins_alike(scores(model, tokens), scores(full, tokens), storage_type)
        if storage_type == "float32":
            ours = scores(load(folder, "int4", storage_type), tokens)
            theirs = scores(packed_here(folder), tokens)
            assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()


def packed_here(folder: Path) -> RotatingModel:
    """Return the model with every matrix packed now, and nothing prepared or kept on the disk."""
    full = load(folder, "full", "float32")
    configuration = full._parts.decoder.configuration
    read, _ = loader.read_weights(folder, configuration, torch.float32, torch.device("cpu"))
    packed = packed_weights(read, lambda _, linears, num_planes: pack(linears, num_planes))
    parts = CacheParts.of(
        Decoder(configuration, read), short_decoder=Decoder(configuration, packed)
    )
    return RotatingModel(parts, full.description)


def assert_begins_alike(ours: Tensor, theirs: Tensor, storage_type: str) -> None:
    assert ours.isfinite().all()
    likeliest = theirs[0].topk(8)
    tolerance = 1e-4 if storage_type == "float32" else 2e-2
    close = tolerance * float(theirs.abs().max())
    assert (ours[0, likeliest.indices] - likeliest.values).abs().max() <= close


def holds_prepared(model: RotatingModel) -> bool:
    return any(isinstance(part, PreparedLinear) for part in parts_of(model._parts.decoder.weights))


def parts_of(part: Any) -> Iterator[Any]:
    """Yield every part of a tree of weights, itself included."""
    yield part
    if isinstance(part, tuple):
        for each in part:
            yield from parts_of(each)
    elif is_dataclass(part):
        for field in fields(part):
            yield from parts_of(getattr(part, field.name))


def tensors_of(weights: ModelWeights) -> list[Tensor]:
    return [part for part in parts_of(weights) if isinstance(part, Tensor)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("num_tokens", [1, 7, 64])
@pytest.mark.parametrize("has_bias", [False, True])
def test_a_prepared_product_is_the_plain_one(
    *, dtype: torch.dtype, num_tokens: int, has_bias: bool
) -> None:
    """Also of a matrix that is a part of a stacked one."""
    if not _has_prepared_products(dtype):
        pytest.skip(f"there are no prepared products of {dtype} here")
    torch.manual_seed(1)
    stacked, bias = torch.randn(90, 72).to(dtype), torch.randn(50).to(dtype)
    linear = Linear(stacked[20:70], bias if has_bias else None)
    hidden = torch.randn(num_tokens, 72).to(dtype)
    exact = linear(hidden).double()
    ours = PreparedLinear.of(linear)(hidden).double()
    assert (ours - exact).abs().max() <= 8 * torch.finfo(dtype).eps * exact.abs().max()


def test_prepared_weights_share_nothing_with_those_read() -> None:
    """But embedding and output, which come from the second mapping."""
    if not _has_prepared_products():
        pytest.skip("this build has no prepared products")
    read, mapped = (make_decoder("gemma3-sliding").weights for _ in range(2))
    result = prepare(read, mapped)
    addresses = {tensor.data_ptr() for tensor in tensors_of(read)}
    plain = [tensor for tensor in tensors_of(result) if tensor.layout is torch.strided]
    assert addresses.isdisjoint(tensor.data_ptr() for tensor in plain)
    assert result.embedding is mapped.embedding
    assert result.output is mapped.output
    assert len(tensors_of(result)) == len(tensors_of(read))


@pytest.mark.parametrize("decode_weights", ["full", "int4"])
def test_nothing_of_the_first_reading_is_kept(
    decode_weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pages, read once to be copied, go back to the system."""
    if not _has_prepared_products():
        pytest.skip("this build has no prepared products")
    readings: list[list[weakref.ref[Tensor]]] = []
    read_weights = loader.read_weights

    def remembering(*arguments: Any) -> loader.ReadWeights:
        read = read_weights(*arguments)
        readings.append([weakref.ref(tensor) for tensor in tensors_of(read.weights)])
        return read

    monkeypatch.setattr(loader, "read_weights", remembering)
    monkeypatch.setattr(loader, "should_prepare", lambda _: True)
    folder = save_network(make_network("qwen3", **PACKABLE), tmp_path / "model")
    model = load(folder, decode_weights, "float32")
    gc.collect()
    first, second = readings
    assert [reference() for reference in first if reference() is not None] == []
    embedding = model._parts.decoder.weights.embedding
    assert any(reference() is embedding for reference in second)


def test_converted_weights_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are copies already, and large ones."""
    readings: list[bool] = []
    read_weights = loader.read_weights

    def remembering(*arguments: Any) -> loader.ReadWeights:
        read = read_weights(*arguments)
        readings.append(read.is_mapped)
        return read

    monkeypatch.setattr(loader, "read_weights", remembering)
    monkeypatch.setattr(loader, "should_prepare", lambda _: True)
    folder = save_network(make_network("qwen3", **PACKABLE), tmp_path / "model")
    if not _has_prepared_products(torch.bfloat16):
        pytest.skip("there are no prepared products of bfloat16 here")
    load(folder, "full", "bfloat16")
    assert readings == [False]


def test_prepared_is_asked_of_weights_as_read() -> None:
    if not _has_prepared_products():
        pytest.skip("this build has no prepared products")
    weights = make_decoder("qwen2").weights
    assert should_prepare(weights) in {True, False}
    with pytest.raises(TypeError, match="wanted them as read"):
        should_prepare(prepare(weights, weights))


@pytest.mark.parametrize("error", [AttributeError, RuntimeError])
def test_a_build_without_prepared_products_keeps_weights_as_read(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(_: Linear) -> PreparedLinear:
        raise error("no such operator")

    monkeypatch.setattr(PreparedLinear, "of", lacking)
    assert not should_prepare(make_decoder("qwen2").weights)


def test_layers_keep_what_is_no_matrix() -> None:
    """The optional norms of a layer are there afterwards exactly where they were before."""
    if not _has_prepared_products():
        pytest.skip("this build has no prepared products")
    for family in ("llama", "qwen3", "gemma3-sliding"):
        weights = make_decoder(family).weights
        for ours, theirs in zip(prepare(weights, weights).layers, weights.layers, strict=True):
            absent = [
                field.name for field in fields(LayerWeights) if getattr(ours, field.name) is None
            ]
            assert all(getattr(theirs, name) is None for name in absent)
            assert torch.equal(ours.mlp_norm.weight, theirs.mlp_norm.weight)
