"""Models that are not there, not whole, or of no use, and memory that is too small for them."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFWriter

from completion.settings import CompletionSettings
from engine.settings import DEFAULT_MODEL, EngineSettings
from engine.weights.hashes import HashMemory
from engine.weights.location import StoreLayout
from engine.weights.progress import ignore_progress
from tests.unit.warmline.checks.machine import Machine, amiss, only
from warmline.checks import memory
from warmline.checks.finding import Finding
from warmline.checks.memory import check_memory
from warmline.checks.model import check_model
from warmline.checks.problems import Problem
from warmline.checks.retrieval import check_retrieval


def looked_at(model: object, **settings: Any) -> Finding:
    return check_model(EngineSettings(model=str(model), **settings)).finding


def new_gguf(path: Path, scaling: str | None = None) -> Path:
    writer = GGUFWriter(path, "llama")
    if scaling:
        writer.add_string("llama.rope.scaling.type", scaling)
    writer.add_tensor("weights", np.zeros((32, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_model_that_is_here_is_named_with_its_folder(machine: Machine) -> None:
    machine.set(WARMLINE_CACHE=machine.home)
    machine.cache = machine.home
    folder = machine.add_model(DEFAULT_MODEL)
    check = check_model(EngineSettings())
    assert (check.finding.id, check.folder) == ("model.works", folder)
    assert f"in ~/models/{DEFAULT_MODEL}" in check.finding.found


@pytest.mark.usefixtures("machine")
def test_a_missing_model_comes_with_the_command_that_gets_it() -> None:
    finding = looked_at(DEFAULT_MODEL)
    assert finding.id == Problem.MODEL_MISSING.id
    assert finding.advice == f"`warmline models pull {DEFAULT_MODEL}`"
    assert looked_at(DEFAULT_MODEL, offline=True).id == Problem.MODEL_OFFLINE.id


def test_an_unknown_name_comes_with_the_one_that_may_be_meant(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = looked_at("qwen2.5-coder-05b")
    assert finding.id == Problem.MODEL_UNKNOWN.id
    assert f"`{DEFAULT_MODEL}` may be meant" in finding.advice
    assert "text encoder" in looked_at("all-minilm-l6-v2").found
    assert "there is no /no/such" in looked_at("/no/such").found
    monkeypatch.chdir(machine.add_model("mine").parent)
    monkeypatch.setenv("WARMLINE_CACHE", str(machine.root / "other"))
    assert looked_at("mine").found.endswith("is written as ./mine")
    assert looked_at("./mine").id == "model.works"


def test_a_pull_that_was_stopped_is_gone_on_with(machine: Machine) -> None:
    partial = machine.cache / "models" / ".partial" / DEFAULT_MODEL
    partial.mkdir(parents=True)
    (partial / "part").write_bytes(bytes(1500))
    finding = looked_at(DEFAULT_MODEL)
    assert finding.id == Problem.MODEL_PARTIAL.id
    assert finding.advice.endswith(f"`warmline models pull {DEFAULT_MODEL}`")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def test_a_model_of_the_store_that_was_cut_off_is_damaged(machine: Machine) -> None:
    cut(machine.add_model(DEFAULT_MODEL) / "model.safetensors")
    finding = looked_at(DEFAULT_MODEL)
    assert finding.id == Problem.MODEL_DAMAGED.id
    assert "model.safetensors is damaged or cut off" in finding.found


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_or_has_it_in_part_is_of_no_use(
    machine: Machine, name: str
) -> None:
    folder = machine.add_model().rename(machine.root / "own")
    assert looked_at(folder).id == "model.works"
    cut(folder / name)
    finding = looked_at(folder)
    assert finding.id == Problem.MODEL_UNUSABLE.id
    assert name in finding.found
    (folder / name).unlink()
    finding = looked_at(folder)
    assert finding.id == Problem.MODEL_UNUSABLE.id
    assert "it lacks" in finding.found


def test_a_family_that_nobody_runs_is_refused(machine: Machine) -> None:
    folder = machine.add_model(model_type="klingon")
    finding = looked_at(folder)
    assert finding.id == Problem.MODEL_UNSUPPORTED.id
    assert "'klingon'" in finding.found
    assert check_model(EngineSettings(model=str(folder))).folder is None
    encoder = machine.add_model("encoder", model_type="bert")
    assert looked_at(encoder).id == Problem.MODEL_UNSUPPORTED.id


def test_a_family_without_rotation_works_more_slowly(machine: Machine) -> None:
    folder = machine.add_model(model_type="gpt2")
    check = check_model(EngineSettings(model=str(folder)))
    assert (check.finding.id, check.folder) == (Problem.MODEL_PREFIX_ONLY.id, folder)


def test_a_gguf_file_is_judged_by_its_head(machine: Machine) -> None:
    file = new_gguf(machine.root / "model.gguf")
    assert looked_at(file).id == "model.works"
    cut(file)
    finding = looked_at(file)
    assert finding.id == Problem.MODEL_UNUSABLE.id
    assert "cut off" in finding.found
    scaled = new_gguf(machine.root / "scaled.gguf", scaling="yarn")
    assert looked_at(scaled).id == Problem.MODEL_UNSUPPORTED.id
    (machine.root / "text.gguf").write_text("hello", encoding="utf-8")
    assert "is not a GGUF file" in looked_at(machine.root / "text.gguf").found


def test_a_gguf_file_that_was_converted_is_judged_by_what_it_became(machine: Machine) -> None:
    file = new_gguf(machine.root / "model.gguf")
    layout = StoreLayout(machine.cache / "models")
    digest = HashMemory(layout.hashes).sha256(file, ignore_progress)
    folder = machine.add_model(f"gguf-{digest[:16]}")
    check = check_model(EngineSettings(model=str(file)))
    assert (check.finding.id, check.folder) == ("model.works", folder)


def test_weights_larger_than_the_memory_are_found(machine: Machine) -> None:
    """The file has holes only, so that it takes no room."""
    folder = machine.add_model()
    num_bytes = 2**40
    tensor = {"dtype": "U8", "shape": [num_bytes], "data_offsets": [0, num_bytes]}
    header = json.dumps({"weights": tensor}).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + num_bytes)
    if memory.available_bytes() is None:
        pytest.skip("this system does not tell how much memory is free")
    assert looked_at(folder).id == "model.works"
    assert only(check_memory(EngineSettings(), folder)).id == Problem.MEMORY_SHORT.id


def test_caches_larger_than_the_memory_come_with_what_fits(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = machine.add_model()
    assert amiss(check_memory(EngineSettings(cache_budget_mb=64), folder)) == []
    if memory.available_bytes() is not None:
        finding = only(check_memory(EngineSettings(cache_budget_mb=10**9), folder))
        assert finding.id == Problem.CACHES_SHORT.id
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**30)
    finding = only(check_memory(EngineSettings(), folder))
    assert finding.advice == "set `warmline.cacheBudgetMb` to 511"


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("encoder", "problem", "advice"),
    [
        ("all-minilm-l6-v2", Problem.ENCODER_MISSING, "`warmline models pull all-minilm-l6-v2`"),
        ("unixcoder", Problem.ENCODER_UNKNOWN, "`unixcoder-base` may be meant"),
        ("/no/such/folder", Problem.ENCODER_UNKNOWN, "`warmline models list`"),
    ],
)
def test_an_encoder_that_cannot_be_used_is_found(
    encoder: str, problem: Problem, advice: str
) -> None:
    finding = only(check_retrieval(CompletionSettings(retrieval_encoder=encoder)))
    assert finding.id == problem.id
    assert advice in finding.advice


def test_an_encoder_that_is_damaged_is_got_again(machine: Machine) -> None:
    folder = machine.cache / "encoders" / "all-minilm-l6-v2"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{", encoding="utf-8")
    settings = CompletionSettings(retrieval_encoder="all-minilm-l6-v2")
    finding = only(check_retrieval(settings))
    assert (finding.id, finding.found) == (
        Problem.ENCODER_MISSING.id,
        "all-minilm-l6-v2 is damaged",
    )


@pytest.mark.usefixtures("machine")
def test_a_retriever_that_cannot_be_read_is_found(tmp_path: Path) -> None:
    assert only(check_retrieval(CompletionSettings())).id == "retriever.works"
    file = tmp_path / "retriever.safetensors"
    chosen = CompletionSettings(retriever=str(file))
    assert only(check_retrieval(chosen)).id == Problem.RETRIEVER_UNUSABLE.id
    file.write_bytes(b"no retriever")
    finding = only(check_retrieval(chosen))
    assert finding.id == Problem.RETRIEVER_UNUSABLE.id
    assert "warmline train-retriever" in finding.advice
