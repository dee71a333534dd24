from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from embeddings.precision import multiplies_bytes
from embeddings.registry import MODELS
from embeddings.reranker import load_reranker
from embeddings.types import Reranker
from embeddings.weights import carrier_folder
from tests.reranker_cases import MUSEUM, POPULATION, QUERY, TEXTS

pytestmark = pytest.mark.slow

CARRIER = MODELS["ms-marco-minilm"].carrier

if carrier_folder(CARRIER) is None or not multiplies_bytes():
    pytest.skip("no quantised model, or no processor for it", allow_module_level=True)


@pytest.fixture(scope="module")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> Reranker:
    return load_reranker(cache_dir=tmp_path_factory.mktemp("cache"), threads=2)


def test_auto_runs_the_carried_weights_as_they_are(reranker: Reranker) -> None:
    assert (reranker.name, reranker.revision) == ("ms-marco-minilm", CARRIER.files["model.onnx"])
    scores = reranker.score(QUERY, [POPULATION, MUSEUM])
    assert scores.dtype == np.float32
    assert scores.tolist() == pytest.approx([9.391, -11.191], abs=0.05)


def test_a_score_is_the_same_beside_any_texts_and_on_any_threads(
    reranker: Reranker, tmp_path: Path
) -> None:
    together = reranker.score(QUERY, TEXTS)
    alone = np.concatenate([reranker.score(QUERY, [text]) for text in TEXTS])
    one_thread = load_reranker(cache_dir=tmp_path, threads=1).score(QUERY, TEXTS)
    assert together.tolist() == alone.tolist() == one_thread.tolist()
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(reranker.score, QUERY, TEXTS) for _ in range(3)]
        assert all(future.result().tolist() == together.tolist() for future in futures)


def test_scores_stay_near_those_of_float_weights(reranker: Reranker, tmp_path: Path) -> None:
    exact = load_reranker(cache_dir=tmp_path, dtype="float32").score(QUERY, TEXTS)
    shift = np.abs(reranker.score(QUERY, TEXTS) - exact)
    assert 0 < shift.max() < 0.25
    assert shift.mean() < 0.1


def test_long_pairs_are_cut_and_no_texts_give_no_scores(reranker: Reranker) -> None:
    assert reranker.score(QUERY, []).shape == (0,)
    assert reranker.score(QUERY, [POPULATION * 40]).shape == (1,)


def test_processors_that_add_bytes_in_sixteen_bits_are_told_apart(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : fpu avx2 fma\n")
    assert not multiplies_bytes(cpuinfo)
    cpuinfo.write_text("flags : fpu avx2 avx512_vnni\n")
    assert multiplies_bytes(cpuinfo)
    assert not multiplies_bytes(tmp_path / "missing")
