import html
import re
from collections import Counter

from eval.structure.made.cases import MADE_CASES, made_cases


def letters(text):
    return "".join(re.findall(r"\w", text))


def test_a_seed_fixes_the_documents_and_another_gives_others():
    assert list(made_cases(60)) == list(made_cases(60))
    assert [case.data for case in made_cases(60)] != [case.data for case in made_cases(60, seed=15)]


def test_formats_languages_and_shapes_come_about_equally_often():
    cases = list(made_cases())
    assert len(cases) == len({case.id for case in cases}) == MADE_CASES
    for key, fewest in (("format", 120), ("language", 49), ("shape", 7)):
        counts = Counter(getattr(case, key) for case in cases)
        assert min(counts.values()) >= fewest, counts
    assert {case.format for case in cases} == {"md", "html", "txt"}


def test_each_document_says_what_is_asked_of_it_and_what_stands_beside_it():
    for case in made_cases(120):
        said = html.unescape(case.data.decode())
        for part in (*case.readings[0].context, *case.others):
            assert letters(part) in letters(re.sub("[*]|]\\(.*?\\)", "", said)), (case.shape, part)
        for word in case.readings[0].text.split():
            assert letters(word) in letters(said), (case.shape, word)
        assert not set(case.others) & {reading.text for reading in case.readings}


def test_an_item_three_levels_deep_is_read_with_those_above_it():
    for suffix in ("md", "html", "txt"):
        deep = (case for case in made_cases() if case.shape == f"{suffix} deep")
        case = next(case for case in deep if len(case.readings[0].context) == 3)
        places = [case.data.decode().index(part) for part in case.readings[0].context]
        assert places == sorted(places)
        assert not set(case.readings[0].context) & set(case.others)


def test_a_cell_above_holds_for_its_row_in_the_row_or_beside_it():
    case = next(case for case in made_cases() if case.shape == "html table rowspan")
    whole, *beside = case.readings
    assert len(beside) == 2
    for reading in beside:
        assert whole.text.endswith(reading.text)
        (above,) = set(reading.context) - set(whole.context)
        assert whole.text.startswith(above)
