from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.reading.tokens import MAX_TOKENS, tokenise
from embeddings.reading.types import ReadingPassage
from embeddings.reading.weights import BACKBONES, backbone_folder, load_tokenizer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=sorted(BACKBONES))
def backbone(request, settings):
    chosen = BACKBONES[request.param]
    return chosen, load_tokenizer(backbone_folder(chosen, settings.models.cache_dir))


@given(st.data())
def test_every_token_of_the_text_stands_where_it_says(backbone, data):
    chosen, tokenizer = backbone
    words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
    question, lead, text = (data.draw(words) for _ in range(3))
    [pair] = tokenise(tokenizer, question, [ReadingPassage(lead, text, ())], prompt=chosen.prompt)
    assert len(pair.ids) == len(pair.types) == len(pair.places) <= MAX_TOKENS
    for start, end in pair.places:
        assert (start, end) == (-1, -1) or 0 <= start <= end <= len(text)
    starts = [start for start, end in pair.places if end > start >= 0]
    assert starts == sorted(starts)


def test_the_lead_and_the_question_are_no_part_of_the_text(backbone):
    chosen, tokenizer = backbone
    passage = ReadingPassage("Harbour notes", "Ole kept it.", ((0, 12),))
    [pair] = tokenise(tokenizer, "Who kept the harbour?", [passage], prompt=chosen.prompt)
    words = [passage.text[slice(*pair.places[at])] for at in pair.text_tokens()]
    assert "".join(words).replace(" ", "") == "Olekeptit."
    assert list(pair.tokens_of(0, 12)) == pair.text_tokens()
    assert not pair.tokens_of(12, 20)
