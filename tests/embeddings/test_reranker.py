from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from embeddings.registry import MODELS
from embeddings.reranker import load_reranker
from embeddings.types import ModelLoadError, Reranker
from embeddings.weights import carrier_folder
from tests.reranker_cases import MUSEUM, POPULATION, QUERY, TEXTS

# Importing torch and transformers alone takes most of ten seconds.
pytestmark = pytest.mark.slow


if carrier_folder(MODELS["ms-marco-minilm"].carrier) is None:
    pytest.skip("footnote[models] is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def reranker(cache_dir: Path) -> Reranker:
    return load_reranker(cache_dir=cache_dir, dtype="float32", batch_size=4)


def test_the_sample_pair_of_the_model_card_scores_as_measured(reranker: Reranker) -> None:
    # The card says 9.45 and -11.16; what int8 lost of the weights does not come back.
    scores = reranker.score(QUERY, [POPULATION, MUSEUM])
    assert scores.dtype == np.float32
    assert scores.tolist() == pytest.approx([9.267, -11.187], abs=0.01)


def test_a_score_does_not_depend_on_the_other_texts(reranker: Reranker) -> None:
    together = reranker.score(QUERY, TEXTS)
    alone = np.concatenate([reranker.score(QUERY, [text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-4
    assert np.abs(together[::-1] - reranker.score(QUERY, TEXTS[::-1])).max() < 1e-4


def test_the_passage_that_answers_scores_highest(reranker: Reranker) -> None:
    scores = reranker.score(QUERY, TEXTS)
    assert int(np.argmax(scores)) == 1
    assert scores[1] > 0 > scores[0]


def test_no_texts_give_no_scores(reranker: Reranker) -> None:
    assert reranker.score(QUERY, []).shape == (0,)


def test_the_model_is_known_by_name_and_weights(reranker: Reranker) -> None:
    conversion = MODELS["ms-marco-minilm"].carrier.conversion
    assert conversion is not None
    assert (reranker.name, reranker.revision) == ("ms-marco-minilm", conversion.weights_sha256)


def test_fewer_tokens_read_less_of_a_long_text(reranker: Reranker, cache_dir: Path) -> None:
    short = load_reranker(cache_dir=cache_dir, dtype="float32", max_tokens=64)
    late = [MUSEUM * 8 + " " + POPULATION]
    assert len(reranker.score(QUERY, [POPULATION * 40])) == 1  # beyond 512 tokens: cut, no error
    assert short.score(QUERY, [POPULATION])[0] == pytest.approx(9.267, abs=0.01)
    assert reranker.score(QUERY, late)[0] > 0 > short.score(QUERY, late)[0]


def test_threads_that_score_together_disturb_nobody(reranker: Reranker) -> None:
    expected = reranker.score(QUERY, TEXTS)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(reranker.score, QUERY, TEXTS) for _ in range(3)]
        assert all(np.abs(future.result() - expected).max() < 1e-4 for future in futures)


def test_bfloat16_moves_no_score_by_more_than_a_tenth(reranker: Reranker, cache_dir: Path) -> None:
    rough = load_reranker(cache_dir=cache_dir, dtype="bfloat16").score(QUERY, TEXTS[:8])
    shift = np.abs(rough - reranker.score(QUERY, TEXTS[:8]))
    assert 0 < shift.max() < 0.1


def test_an_encoder_is_refused_as_a_reranker(cache_dir: Path) -> None:
    folder = carrier_folder(MODELS["minilm"].carrier)
    if folder is None:
        pytest.skip("footnote[models] is not installed")
    with pytest.raises(ModelLoadError, match="no cross-encoder"):
        load_reranker(str(folder), cache_dir=cache_dir)


def test_loading_says_nothing(cache_dir: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_reranker(cache_dir=cache_dir).score(QUERY, [POPULATION])
    assert capfd.readouterr() == ("", "")
