"""The gate on claims in other words: the bundled ones, and how they are read."""

import pytest

from eval import worded
from eval.errors import QuestionSetError
from eval.worded import BUNDLED_CLAIMS, is_released, read_worded


@pytest.mark.slow
def test_few_false_claims_that_look_true_are_released_and_many_true_ones_in_other_words():
    judged = [(each.true, is_released(each)) for each in read_worded(BUNDLED_CLAIMS)]
    false = [released for true, released in judged if not true]
    true = [released for true, released in judged if true]
    assert len(false) >= 150
    assert len(true) >= 150
    # Before the rules and wordbooks these were .186 and .258.
    assert sum(false) / len(false) <= 0.02
    assert sum(true) / len(true) >= 0.34


@pytest.mark.parametrize(
    ("claim", "released"),
    [
        # Words of the question that the source has too count for the claim.
        ("The 17 goals were adopted in September 2015.", True),
        # "It" is the Lima Declaration, whatever the title names.
        (
            "The Abu Dhabi Declaration of 2019 made inclusive and sustainable industrial "
            "development the mandate of the agency.",
            False,
        ),
    ],
)
def test_a_claim_of_the_set_is_judged_as_it_should(claim, released):
    (found,) = (each for each in read_worded(BUNDLED_CLAIMS) if each.claim == claim)
    assert found.true == released == is_released(found)


def test_no_claim_stands_in_the_set_twice():
    claims = [each.claim for each in read_worded(BUNDLED_CLAIMS)]
    assert len(set(claims)) == len(claims)


def test_a_malformed_line_is_named(tmp_path):
    path = tmp_path / "claims.jsonl"
    path.write_text('{"document": "a.md"}\n', encoding="utf-8")
    with pytest.raises(QuestionSetError, match=r"claims\.jsonl, line 1"):
        read_worded(path)
    with pytest.raises(QuestionSetError, match="cannot be read"):
        read_worded(tmp_path / "none.jsonl")


def test_a_source_that_does_not_stand_in_its_document_is_named(tmp_path):
    (tmp_path / "a.md").write_text("# A\n\nThe port closed in May.\n", encoding="utf-8")
    given = {"document": "a.md", "question": "When?", "claim": "It closed.", "true": True}
    claim = worded.WordedClaim(**given, source="The port opened.", kind="verb")
    with pytest.raises(QuestionSetError, match="does not say 'The port opened"):
        is_released(claim, tmp_path)


def test_the_command_prints_shares_and_lists_what_was_withheld(tmp_path, capsys):
    (tmp_path / "a.md").write_text("# A\n\nThe port closed in May 1990.\n", encoding="utf-8")
    lines = [
        '{"document": "a.md", "question": "When did the port close?", "source": "The port closed '
        f'in May 1990.", "claim": "The port closed in {year}.", "true": {true}, "kind": "date"}}'
        for year, true in (("May 1990", "true"), ("1991", "false"))
    ]
    (tmp_path / "claims.jsonl").write_text("\n".join(lines), encoding="utf-8")
    worded.main([str(tmp_path / "claims.jsonl"), "--archive", str(tmp_path), "--list", "withheld"])
    out = capsys.readouterr().out
    assert [line.split() for line in out.splitlines()[:1]] == [["true,", "all", "1", "1.000"]]
    assert "false (date): The port closed in 1991." in out
