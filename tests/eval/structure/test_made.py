from collections import Counter

from eval.structure.made import MADE_CASES, made_cases


def test_a_seed_fixes_the_documents_and_another_gives_others():
    assert list(made_cases(60)) == list(made_cases(60))
    assert [case.data for case in made_cases(60)] != [case.data for case in made_cases(60, seed=15)]


def test_formats_languages_and_shapes_come_about_equally_often():
    cases = list(made_cases())
    assert len(cases) == len({case.id for case in cases}) == MADE_CASES
    for key, fewest in (("format", 120), ("language", 49), ("shape", 13)):
        counts = Counter(getattr(case, key) for case in cases)
        assert min(counts.values()) >= fewest, counts
    assert {case.format for case in cases} == {"md", "html", "txt"}


def test_each_document_says_what_is_asked_of_it_and_the_rest_too():
    for case in made_cases(120):
        text = " ".join(case.data.decode().replace("&#x27;", "'").split())
        whole = [part for reading in case.readings for part in reading.context] + [*case.others]
        assert whole
        for part in whole:
            assert part in text, (case.shape, part)
        for word in case.readings[0].text.split():
            assert word in text, (case.shape, word)
        assert not set(case.others) & {reading.text for reading in case.readings}


def test_an_item_below_another_is_read_with_it():
    nested = (case for case in made_cases(120) if case.shape.endswith("nested"))
    case = next(case for case in nested if len(case.readings[0].context) == 2)
    lead_in, parent = case.readings[0].context
    assert parent not in case.others
    assert case.data.decode().index(lead_in) < case.data.decode().index(parent)


def test_a_cell_above_holds_for_its_row_in_the_row_or_beside_it():
    case = next(c for c in made_cases(120) if c.shape == "html table rowspan")
    whole, *beside = case.readings
    assert len(beside) == 2
    for reading in beside:
        assert whole.text.endswith(reading.text)
        (above,) = set(reading.context) - set(whole.context)
        assert whole.text.startswith(above)
