import pytest

from rag.text.hyphens import line_break_hyphens
from rag.types import Span


def as_read(text, language="en", within=None):
    shown, at = [], 0
    for span in line_break_hyphens(text, language, within):
        shown.append(text[at : span.start])
        at = span.end
    return "".join([*shown, text[at:]])


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("the county of Wald-\nhusen in May", "en", "the county of Waldhusen in May"),
        ("the consul-\n  tants agreed", "en", "the consultants agreed"),
        ("a one-\nstop shop", "en", "a one-stop shop"),
        ("a well-\r\nknown mill", "en", "a well-known mill"),
        ("an x-\nray of it", "en", "an x-ray of it"),
        ("die Reform der Ge-\nmeindeordnung", "de", "die Reform der Gemeindeordnung"),
        ("Vor-\nund Nachteile", "de", "Vor-\nund Nachteile"),
        ("die Achse Nord-\nSüd", "de", "die Achse Nord-Süd"),
        ("sie sind gewor-\nden", "de", "sie sind geworden"),
        ("un rendez-vous, puis un rendez-\nvous", "fr", "un rendez-vous, puis un rendez-vous"),
        ("la muni-\ncipalité", "fr", "la municipalité"),
        ("если кто-\nто придёт", "ru", "если кто-то придёт"),
        ("стро-\nительство моста", "ru", "строительство моста"),
        ("le cafe\u0301-\nte\u0301ria", "fr", "le cafe\u0301te\u0301ria"),
        ("the RECON-\nSTRUCTION", "en", "the RECONSTRUCTION"),
        ("the years 2017-\n18", "en", "the years 2017-18"),
        ("a 3-\nphase motor", "en", "a 3-phase motor"),
        (
            "the Ziegel\u00adhütte and the Ziegel\u00ad\nhütte",
            "de",
            "the Ziegelhütte and the Ziegelhütte",
        ),
        ("the per¬\nmit", "en", "the permit"),
        ("a list -\nof things\n- one", "en", "a list -\nof things\n- one"),
        ("a paragraph-\n\nanother", "en", "a paragraph-\n\nanother"),
    ],
)
def test_a_word_that_a_line_end_parts_is_read_as_one(text, language, expected):
    assert as_read(text, language) == expected


def test_the_documents_own_words_tell_how_a_word_is_written():
    assert as_read("the tram-way. The tram-\nway") == "the tram-way. The tram-way"
    assert as_read("Der Kanal-\ndeckel") == "Der Kanaldeckel"
    assert as_read("a hill-\nfort. Its hillfort") == "a hillfort. Its hillfort"


def test_hyphens_are_found_in_a_part_of_the_text_by_the_words_of_the_whole():
    text = "Old-\ntown. A hill-fort and a hill-\nfort"
    assert line_break_hyphens(text, "en", Span(12, len(text))) == [Span(34, 35)]


@pytest.mark.parametrize(
    "run", ["a-\n", "\u00ad", "a-", "-\n", "a- \n \n", "\u00ad\n", "a-" + " " * 50]
)
def test_long_monotonous_text_takes_linear_time(run):
    text = run * (200_000 // len(run))
    assert all(len(span) <= 200_000 for span in line_break_hyphens(text, "en"))
