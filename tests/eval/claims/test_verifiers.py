from dataclasses import replace

import pytest

from eval.claims.cases import ClaimCase
from eval.claims.verifiers import by_language_model
from rag.settings import LanguageModelSettings
from tests.fakes import ScriptedModel

CASE = ClaimCase("It opened\nin 1911.", "The mill", "It opened in 1911.", "en", True, "")


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ('{"supported": true}', 1.0),
        ('<think>true?</think>{"supported": false}', 0.0),
        ("That is True.", 1.0),
        ("No.", 0.0),
        ('```json\n{"supported": false}\n``` true would be wrong', 0.0),
    ],
)
def test_a_language_model_says_whether_the_passage_supports_the_claim(reply, score):
    model = ScriptedModel(reply)
    assert by_language_model(model, LanguageModelSettings())(CASE) == score
    [prompt] = model.prompts
    assert "Text (The mill):\nIt opened in 1911." in prompt
    assert "Claim: It opened in 1911." in prompt


def test_what_is_not_supported_gets_nothing_for_an_empty_reply():
    assert by_language_model(ScriptedModel(""), LanguageModelSettings())(replace(CASE)) == 0.0
