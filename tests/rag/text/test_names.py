import pytest

from rag.text.names import find_persons, find_places


def written(find, sentence):
    return [span.of(sentence) for span in find(sentence)]


@pytest.mark.parametrize(
    ("sentence", "persons"),
    [
        (
            "On Monday, Director Gerd Müller of UNIDO met LI Yong.",
            ["Gerd Müller", "LI Yong"],
        ),
        ("In April the British minister met Will Smith.", ["Will Smith"]),
        ("However, Ludwig van Beethoven did not come.", ["Ludwig van Beethoven"]),
        ("The Bank of England and Vienna City Hall were open.", []),
        ("市长王伟出席了会议。", ["王伟"]),
        ("In 1911 the cafe\u0301 of Andre\u0301 Be\u0301gin opened.", ["Andre\u0301 Be\u0301gin"]),
    ],
)
def test_persons_are_told_from_titles_months_nationalities_and_bodies(sentence, persons):
    assert written(find_persons, sentence) == persons


def test_places_come_after_their_prepositions_or_are_countries():
    sentence = "The fair in Shenzhen, China was opened by guests from Geneva; Austria followed."
    assert written(find_places, sentence) == ["Shenzhen, China", "Geneva", "Austria"]
