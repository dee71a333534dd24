from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from embeddings.reading.load import ENGLISH, MULTILINGUAL, load_reading_model
from embeddings.reading.model import OnnxReadingModel
from embeddings.reading.network import load_network
from embeddings.reading.tokens import tokenise
from embeddings.reading.types import ReadingPassage
from embeddings.reading.weights import BACKBONES, SHIPPED, load_learnt
from embeddings.types import ModelLoadError

pytestmark = pytest.mark.slow

QUESTION = "In which year was the lighthouse on the north pier finished?"
TEXT = (
    "The harbour board met on Tuesday. The lighthouse on the north pier was finished in 1874 "
    "after six years of work. Its keeper then was Ole Brandt."
)
STATEMENTS = ((0, 33), (34, 117), (118, 145))
OTHER = ReadingPassage("Minutes", "Fees for berths rise by 4 % in spring.", ((0, 38),))
LONG = ReadingPassage("", TEXT * 40, tuple((s, e) for s, e in STATEMENTS))
PASSAGE = ReadingPassage("North pier", TEXT, STATEMENTS)


@pytest.fixture(scope="module", params=[ENGLISH, MULTILINGUAL])
def model(request, settings):
    return load_reading_model(request.param, cache_dir=settings.models.cache_dir, threads=2)


def test_the_statement_that_answers_stands_out_with_the_words_that_do(model):
    [reading] = model.read(QUESTION, [PASSAGE])
    evidence = [each.evidence for each in reading.statements]
    assert evidence.index(max(evidence)) == 1
    answer = reading.statements[1].answer
    assert "1874" in TEXT[answer.start : answer.end]
    assert 0 <= answer.start < answer.end <= len(TEXT)
    assert reading.answers > model.read(QUESTION, [OTHER])[0].answers


def test_a_reading_depends_neither_on_its_neighbours_nor_on_threads(model, settings):
    passages = [OTHER, PASSAGE, LONG, PASSAGE]
    together = model.read(QUESTION, passages)
    assert together == [model.read(QUESTION, [each])[0] for each in passages]
    alone = load_reading_model(model.name, cache_dir=settings.models.cache_dir, threads=1)
    assert alone.read(QUESTION, passages) == together
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: model.read(QUESTION, passages), range(3)))
    assert found == [together] * 3


def test_what_is_run_is_what_was_trained(settings):
    """The oracle: the network in torch, adapters beside the layers, as training has it."""
    cache = settings.models.cache_dir
    path = SHIPPED[ENGLISH].path
    exact = OnnxReadingModel(ENGLISH, load_learnt(path), cache, threads=1, int8=False)
    network, tokenizer = load_network(BACKBONES[ENGLISH], cache, weights=path)
    [reading] = exact.read(QUESTION, [PASSAGE])
    [pair] = tokenise(tokenizer, QUESTION, [PASSAGE], prompt="")
    with torch.no_grad():
        scores = network.eval()(
            torch.tensor([pair.ids]),
            torch.tensor([pair.types]),
            torch.ones(1, len(pair)),
            torch.tensor([[float(start >= 0) for start, _ in pair.places]]),
        )
    assert reading.answers == pytest.approx(float(scores.answers), abs=0.05)
    assert reading.relevance == pytest.approx(float(scores.relevance), abs=0.05)
    for (start, end), each in zip(STATEMENTS, reading.statements, strict=True):
        inside = list(pair.tokens_of(start, end))
        mean = float(scores.tokens[0, inside, 2].mean())
        assert each.evidence == pytest.approx(mean, abs=0.05)


def test_bytes_read_nearly_what_floats_read(model, settings):
    learnt = load_learnt(SHIPPED[model.name].path)
    cache = settings.models.cache_dir
    exact, rough = (
        OnnxReadingModel(model.name, learnt, cache, threads=2, int8=int8) for int8 in (False, True)
    )
    passages = [PASSAGE, OTHER]
    pairs = zip(exact.read(QUESTION, passages), rough.read(QUESTION, passages), strict=True)
    for one, other in pairs:
        assert abs(one.answers - other.answers) < 2.5
        evidence = [[each.evidence for each in reading.statements] for reading in (one, other)]
        assert np.abs(np.subtract(*evidence)).max() < 2.5
        assert np.argmax(evidence[0]) == np.argmax(evidence[1])


def test_a_passage_that_is_cut_and_one_without_statements_are_read(model):
    empty = ReadingPassage("", "", ())
    unread = ReadingPassage("", TEXT * 40, ((len(TEXT) * 39, len(TEXT) * 39 + 33),))
    first, second = model.read("keeper? " * 200, [empty, unread])
    assert first.statements == ()
    assert second.statements[0].answer is None
    assert model.read(QUESTION, []) == []


def test_altered_weights_are_refused(tmp_path, settings):
    altered = tmp_path / "altered.safetensors"
    altered.write_bytes(SHIPPED[ENGLISH].path.read_bytes()[:-100])
    with pytest.raises(ModelLoadError, match=r"altered\.safetensors.*is no reading model"):
        load_reading_model(str(altered), cache_dir=settings.models.cache_dir)
    with pytest.raises(ModelLoadError, match=r"'nowhere' is no reading model"):
        load_reading_model("nowhere", cache_dir=settings.models.cache_dir)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_the_weights_that_ship_are_those_recorded(name):
    assert load_learnt(SHIPPED[name].path).sha256 == SHIPPED[name].sha256
    assert SHIPPED[name].path.stat().st_size < 4_000_000
