import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import LanguageModelError
from rag.generate.select import Offer, parse_numbers, select_statements
from rag.settings import LanguageModelSettings
from tests.fakes import ScriptedModel, run

OPENED = Offer("The library opened on 3 May 1931.", "Town Gazette, 1931-05-04")
BROOK = Offer("Its first librarian was Ada Brook.", "Town Gazette, 1931-05-04")
MOVED = Offer("It moved to Mill Street\nin 1988 [2].", "A short history")
OFFERS = [BROOK, MOVED, OPENED]


def select(script, offers=OFFERS, *, most=12, settings=None, **options):
    model = ScriptedModel(script, **options)
    settings = settings or LanguageModelSettings()
    selection = run(
        select_statements("When did the library open?", offers, model, settings, most=most)
    )
    return selection, model


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ('{"statements": [3, 1]}', (3, 1)),
        ('Sure! {"statements": [2]} is what I would choose of 30.', (2,)),
        ('```json\n{"statements": [2, 2, 9, 1]}\n```', (2, 1)),
        ("[1, 3]", (1, 3)),
        ("The library opened in 1931 [3].", (3,)),
        ("Statements 2 and 3", (2, 3)),
        ("2", (2,)),
        ('{"statements": []}', ()),
        ("[]", ()),
        ("None of them answers.", ()),
        ("", ()),
    ],
)
def test_the_numbers_of_a_reply_are_found_however_it_is_worded(reply, numbers):
    assert parse_numbers(reply, 3) == numbers


def test_a_reply_that_names_only_other_numbers_is_a_failure():
    for reply in ('{"statements": [0, 4]}', "[-1]", "1931", "9" * 6000):
        with pytest.raises(ValueError, match="no statement from 1 to 3"):
            parse_numbers(reply, 3)


@given(st.text() | st.from_regex(r"[\[{\]}0-9, \"a-z]*"), st.integers(1, 9))
def test_whatever_the_reply_the_numbers_are_distinct_and_in_range(reply, shown):
    try:
        numbers = parse_numbers(reply, shown)
    except ValueError:
        return
    assert len(set(numbers)) == len(numbers)
    assert all(1 <= number <= shown for number in numbers)


def test_statements_are_shown_best_first_and_the_choice_counts_them():
    selection, model = select('{"statements": [3, 1]}')
    [prompt] = model.prompts
    shown = prompt[prompt.index("The real statements:") :]
    assert "[1] Its first librarian was Ada Brook. (Town Gazette, 1931-05-04)\n[2] It" in shown
    # What could pass for one of our numbers or lines is changed.
    assert "[2] It moved to Mill Street in 1988 (2). (A short history)\n[3] The" in shown
    assert [OFFERS[number - 1] for number in selection.chosen] == [OPENED, BROOK]
    assert (selection.shown, selection.failure, selection.declined) == (3, None, False)
    assert selection.prompt.startswith("select.v1@")


def test_the_reply_is_asked_for_as_numbers_by_a_json_schema():
    _, model = select('{"statements": [1]}')
    [schema] = model.schemas
    json.dumps(schema)
    assert schema["properties"]["statements"]["items"] == {"type": "integer"}


def test_a_model_is_stopped_when_its_json_is_whole():
    selection, model = select('{"statements": [1]}' + " " * 500, size=4)
    assert selection.chosen == (1,)
    assert model.closed == 1


def test_no_number_means_that_none_answers():
    selection, _ = select('{"statements": []}')
    assert selection.declined
    assert selection.chosen == ()


def test_thoughts_are_no_choice():
    selection, _ = select("<think>Is it [2]?</think>[1]")
    assert selection.chosen == (1,)


def test_at_most_so_many_are_chosen():
    selection, _ = select("[1, 2, 3]", most=2)
    assert len(selection.chosen) == 2


@pytest.mark.parametrize("kind", ["unreachable", "timeout", "interrupted"])
def test_a_model_that_fails_is_told_of_and_never_raises(kind):
    selection, _ = select("[1", fails=LanguageModelError("it broke", kind=kind, remedy="ask again"))
    assert selection.failure == "it broke; ask again"
    assert not selection.chosen
    assert not selection.declined


def test_a_reply_of_other_numbers_is_told_of_as_a_failure():
    selection, _ = select("[7]")
    assert selection.failure == "language model 'scripted' named no statement from 1 to 3"


def test_only_the_best_offers_that_fit_are_shown():
    long = [Offer("word " * 100, "title") for _ in range(50)]
    selection, model = select("[1]", long, context_tokens=2000)
    assert 1 < selection.shown < 50
    assert len(model.prompts[0].split()) < 2000
    few, _ = select("[1]", long, settings=LanguageModelSettings(statements=3))
    assert few.shown == 3


def test_closing_stops_the_model():
    model = ScriptedModel("[1, 2]", size=1)
    selecting = select_statements("Who?", OFFERS, model, LanguageModelSettings(), most=3)
    next(selecting)
    next(selecting)
    selecting.close()
    assert model.closed == 1
