from tests.eval.propose.proposal_cases import asked


def test_a_long_name_and_its_acronym_ask_the_same():
    found = asked(
        "Ada Byron, President of the World Loom Union (WLU), spoke.",
        "Ada Byron, President of WLU, spoke again.",
    )
    assert len([question for question in found if question.startswith("Who")]) == 1


def test_where_holders_differ_the_question_is_asked_of_the_year_of_the_document():
    found = asked(
        "HALDEN, 24 April 2019 - Per Lunde, Mayor of Halden, cut the ribbon.",
        "HALDEN, 7 May 2023 - Ida Moe, Mayor of Halden, cut the ribbon.",
        "Ole Vik, Mayor of Halden, cut the ribbon once.",
    )
    assert found == {
        "Who was the Mayor of Halden in 2019?": ("Per Lunde",),
        "Who was the Mayor of Halden in 2023?": ("Ida Moe",),
    }


def test_where_documents_disagree_on_a_fact_nothing_is_asked():
    found = asked(
        "The World Loom Union was established in 1966.",
        "The World Loom Union was established in 1971.",
    )
    assert found == {}
