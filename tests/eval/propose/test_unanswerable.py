import pytest

from eval.propose.proposals import propose_questions
from tests.eval.propose.proposal_cases import document

NAMED = (
    "Ada Byron, President of the World Loom Union, met people at noon."
    "\n\nThe World Loom Union was established in 1966. The rest was said of the sea."
    "\n\nLate guests of the Tidal Power Institute (TPI) ate fish."
)


def misses(*texts):
    documents = [document(text, f"{n}.txt") for n, text in enumerate(texts)]
    return [p.question for p in propose_questions(documents) if not p.answerable]


def test_an_office_is_asked_of_a_body_that_no_sentence_gives_it():
    fair = "The Loom Fair was founded in 1966.\n\nThe Herring Fair was founded in 1971."
    assert misses(NAMED, fair) == ["Who is the President of the Tidal Power Institute?"]


@pytest.mark.parametrize(
    "said",
    [
        "The Tidal Power Institute was founded long ago. Its president is Ola Nord.",
        "For years the president at TPI has been Ola Nord. It was founded late.",
    ],
)
def test_an_office_that_stands_beside_the_body_is_not_asked(said):
    fair = "The Loom Fair was founded in 1966.\n\nThe Herring Fair was founded in 1971."
    assert misses(NAMED, fair, said) == []
