import io
import json
import re
from itertools import chain

import jsonschema
import pytest

from server.wire.outcome import outcome_schema

SAID = "How many guests attended UNIDO Day 2024?"
SILENT = "How much money did Huawei donate to UNIDO?"


def test_an_answer_is_printed_with_numbered_footnotes(footnote, sample_data):
    code, out, _ = footnote(
        "ask", "How many guests attended UNIDO Day 2024?", "--data", sample_data
    )
    assert code == 0
    assert re.search(r"300 guests.*\[1\]", out, re.DOTALL)
    assert re.search(r"\[1\] .*\(2024-06-13\)", out)
    assert re.search(r"“.*”", out, re.DOTALL)
    assert re.search(r"characters \d+-\d+, document [0-9a-f]{16}", out)


@pytest.mark.parametrize(
    ("question", "listed"),
    [
        ("How much money did Huawei donate to UNIDO?", "It does mention:"),
        ("At what temperature does ethanol boil?", "Nearest passages:"),
    ],
)
def test_an_abstention_is_printed_with_what_is_said_of_the_subject(
    footnote, sample_data, question, listed
):
    code, out, _ = footnote("ask", question, "--data", sample_data)
    assert code == 0
    assert "The archive does not say" in out
    assert listed in out


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("How many guests attended UNIDO Day 2024?", "The archive may say:"),
        ("李勇在深圳参观了哪家公司？", "档案中可能有说明："),
    ],
)
def test_an_answer_that_is_not_sure_is_labelled_and_json_says_so(
    footnote, sample_data, monkeypatch, question, label
):
    asked = ("ask", question, "--data", sample_data)
    monkeypatch.setenv("FOOTNOTE_ANSWER_MIN_UNCERTAIN", "0.1")
    code, out, _ = footnote(*asked, "--min-support", "1")
    assert code == 0
    assert out.startswith(label)
    assert "[1]" in out
    outcome = json.loads(footnote(*asked, "--min-support", "1", "--json")[1])
    jsonschema.validate(outcome, outcome_schema())
    assert (outcome["outcome"], outcome["sure"]) == ("answered", False)
    assert outcome["short_answer"] is None


def test_json_follows_the_documented_schema_and_quotes_what_show_shows(footnote, sample_data):
    schema = outcome_schema()
    for question in (
        "How many guests attended UNIDO Day 2024?",
        "How much money did Huawei donate to UNIDO?",
    ):
        _, out, _ = footnote("ask", question, "--json", "--explain", "--data", sample_data)
        answer = json.loads(out)
        jsonschema.validate(answer, schema)
        assert answer["receipt"]["ranking"]
        lists = (answer.get(key, []) for key in ("citations", "mentions", "nearest"))
        for citation in chain.from_iterable(lists):
            span = f"{citation['start']}:{citation['end']}"
            code, shown, _ = footnote(
                "show", citation["document_id"], "--span", span, "--json", "--data", sample_data
            )
            assert code == 0
            assert json.loads(shown)["quote"] == citation["quote"]


def test_explain_shows_every_stage_and_what_the_gate_dropped(footnote, sample_data):
    _, out, _ = footnote("ask", SILENT, "--explain", "--data", sample_data)
    for column in ("dense", "lexical", "fused", "reranked", "support", "verdict"):
        assert column in out
    assert "is below" in out


def test_a_chat_understands_a_question_with_those_before(footnote, sample_data, monkeypatch):
    typed = ["When did LI Yong visit Huawei?", "", "Who " * 300, "Who was his host there?"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*typed, "/quit", "never asked"])))
    code, out, err = footnote("chat", "--json", "--data", sample_data)
    assert code == 0
    first, second = map(json.loads, out.splitlines())
    assert first["standalone_question"] is None
    assert "Huawei" in second["standalone_question"]
    assert "1000" in err, "what cannot be asked is said, and the chat goes on"
    for outcome in (first, second):
        jsonschema.validate(outcome, outcome_schema())


def test_a_chat_ends_with_its_input_and_shows_footnotes(footnote, sample_data, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("How many guests attended UNIDO Day 2024?"))
    code, out, _ = footnote("chat", "--data", sample_data)
    assert code == 0
    assert re.search(r"300 guests.*\[1\]", out, re.DOTALL)
