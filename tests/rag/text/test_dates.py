import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.text.dates import YEAR_FROM_TITLE, find_dates, parse_date
from tests.rag.text.test_sentences import AWKWARD


def said(text, **given_besides):
    return [
        (d.isoformat(), d.kind, d.origin, d.span.of(text) if d.span else None)
        for d in find_dates(text, **given_besides)
    ]


def events(text):
    """What running text says, far below the lines that could say when it was published."""
    below = "x\n" * 30 + text
    found = find_dates(below)
    assert all(date.kind == "event" for date in found)
    return [(date.isoformat(), date.span.of(below)) for date in found]


@pytest.mark.parametrize(
    ("line", "date", "written"),
    [
        ("SHENZHEN, 24 April 2019 - UNIDO Director", "2019-04-24", "24 April 2019"),
        ("VIENNA, April 24, 2019 – The", "2019-04-24", "April 24, 2019"),
        ("Addis Ababa, 3 May 2021 (UNIDO) — The", "2021-05-03", "3 May 2021"),
        ("NEW YORK, 4 July -- The", "--07-04", "4 July"),
        ("新华社北京2019年4月24日电 工业", "2019-04-24", "2019年4月24日"),
        ("新华社北京２０１９年４月２４日电 工业", "2019-04-24", "２０１９年４月２４日"),
        ("Vienna, 30 April – 2 May 2019 – The", "2019-04-30", "30 April – 2 May 2019"),
        ("Vienna, April 30 – May 2, 2019 – The", "2019-04-30", "April 30 – May 2, 2019"),
        ("Shanghai, 14/06/2024 - The", "2024-06-14", "14/06/2024"),
    ],
)
def test_a_dateline_says_when_it_was_published(line, date, written):
    for text in (line, f"A title\n\n{line}\n\nMore text."):
        assert said(text)[0] == (date, "published", "dateline", written)


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("（2019年4月24日）", "2019-04-24"),
        ("24 April 2019", "2019-04-24"),
        ("Date: 2019-04-24", "2019-04-24"),
        ("Published: March 3, 2020 by the press office", "2020-03-03"),
        ("发布日期：2019-04-24 10:12", "2019-04-24"),
        ("**Published on:** 3 March 2020", "2020-03-03"),
    ],
)
def test_a_line_near_the_top_says_when_it_was_published(line, date):
    assert said(f"A title\n{line}\nSome text.")[0][:3] == (date, "published", "date line")


def test_the_same_line_far_down_says_nothing_of_publication():
    kinds = {kind for _, kind, _, _ in said("text\n" * 40 + "Date: 2019-04-24\n")}
    assert kinds == {"event"}


def test_sentences_that_begin_with_a_place_are_no_datelines():
    assert said("In Shanghai, 24 April 2019 was a holiday.")[0][1] == "event"
    assert said("On 24 April 2019 - a holiday - they met.")[0][1] == "event"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("archive/2019-04-24-foo.txt", ("2019-04-24", "published", "file name", None)),
        ("archive/foo_20190424.txt", ("2019-04-24", "published", "file name", None)),
        ("https://a.org/2019/04/24/foo", ("2019-04-24", "published", "url", None)),
        ("https://a.org/2019/04/foo.html", ("2019-04", "published", "url", None)),
        ("https://a.org/2019-04-24-foo", ("2019-04-24", "published", "url", None)),
        ("https://a.org/world/2019/apr/24/foo", ("2019-04-24", "published", "url", None)),
        ("https://a.org/visit-of-april-24-2019.html", ("2019-04-24", "published", "url", None)),
        ("archive/24_April_2019_visit.txt", ("2019-04-24", "published", "file name", None)),
        ("archive/24th-april-2019.txt", ("2019-04-24", "published", "file name", None)),
        ("archive/2019年4月24日访问.txt", ("2019-04-24", "published", "file name", None)),
    ],
)
def test_the_source_says_when_it_was_published(source, expected):
    assert said("Text.", source=source) == [expected]


@pytest.mark.parametrize("source", ["a/20191399.txt", "a/report-2019.txt", "a/1234567890123.txt"])
def test_numbers_in_a_source_that_are_no_date_say_nothing(source):
    assert said("Text.", source=source) == []


def test_publication_dates_come_best_founded_first_and_with_their_year():
    text = "NEW YORK, 4 July - The fair opened.\nDate: 5 July 2020\n"
    found = said(text, source="2020-07-06-fair.txt", html_date="2020-07-07")
    assert [(date, origin) for date, _, origin, _ in found] == [
        ("2020-07-05", "date line"),
        ("2020-07-07", "html metadata"),
        ("2020-07-06", "file name"),
        ("--07-04", "dateline"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("met on 24 April 2019 there", [("2019-04-24", "24 April 2019")]),
        ("met on April 24th 2019.", [("2019-04-24", "April 24th 2019")]),
        ("met on April 24th, 2019.", [("2019-04-24", "April 24th, 2019")]),
        ("met on 24-26 April 2019.", [("2019-04-24", "24-26 April 2019")]),
        ("met April 24–26, 2019.", [("2019-04-24", "April 24–26, 2019")]),
        ("met the 24th of April 2019.", [("2019-04-24", "24th of April 2019")]),
        ("on 2019-04-24T10:00", [("2019-04-24", "2019-04-24")]),
        ("On July 5th, Gerd", [("--07-05", "July 5th")]),
        ("On September 18 in Wuzhen", [("--09-18", "September 18")]),
        ("in September 2020 and", [("2020-09", "September 2020")]),
        ("Sept. 5, 2020", [("2020-09-05", "Sept. 5, 2020")]),
        ("since 1972, and in 2001, they", [("1972", "1972"), ("2001", "2001")]),
        ("于2019年4月24日在4月25日", [("2019-04-24", "2019年4月24日"), ("--04-25", "4月25日")]),
        ("2019年，工业", [("2019", "2019年")]),
        ("29 February", [("--02-29", "29 February")]),
        ("２０１９年４月２４日", [("2019-04-24", "２０１９年４月２４日")]),
        ("２０１９－０４－２４", [("2019-04-24", "２０１９－０４－２４")]),
        (
            "from 30 December to\n2 January 2020",
            [("2019-12-30", "30 December to\n2 January 2020"), ("2020-01-02", "2 January 2020")],
        ),
        ("from 4 May to 6 June", [("--05-04", "4 May"), ("--06-06", "6 June")]),
        ("On 4 May\n- 6 June 2019", [("--05-04", "4 May"), ("2019-06-06", "6 June 2019")]),
        ("on 5 May\n2020", [("2020-05-05", "5 May\n2020")]),
        ("on 5 May\r\n2020", [("2020-05-05", "5 May\r\n2020")]),
        ("On 5 May\n\n2020 Budget", [("--05-05", "5 May")]),
        ("On 5 May\r\n\r\n2020 Budget", [("--05-05", "5 May")]),
        ("On 5 May 1200 delegates", [("--05-05", "5 May")]),
        ("am 24. April 2019", [("2019-04-24", "24. April 2019")]),
        ("24. April 2019", [("2019-04-24", "24. April 2019")]),
        ("\n3. April 2019 figures", [("2019-04", "April 2019")]),
        (
            "on 14/06/2024 and 06/15/2024",
            [("2024-06-14", "14/06/2024"), ("2024-06-15", "06/15/2024")],
        ),
        ("Shanghai, 14.06.2024", [("2024-06-14", "14.06.2024")]),
    ],
)
def test_a_date_is_read_as_far_as_it_is_written(text, expected):
    assert events(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "31 February 2019",
        "2019-13-01",
        "29 February 2019",
        "04/05/2019",
        "April '19",
        "24.04.19",
        "in 2000,000 cases",
        "in 2019-based terms",
        "the 2030 Agenda",
        "version 1.2019.04.24.7",
        "he may 5 times",
        "Chapter 12.5 April",
        "In June 1200 delegates",
        "Shanghai, 05/06/2024",
        "31/02/2024",
        "13/14/2024",
        "In June\n\n2020 delegates",
        "held in March.\n2. **2019",
        "held in March\n2. **2019",
        "held in March.\r\n2) 2019",
        "held in March. 2 people",
    ],
)
def test_what_is_no_clear_date_is_left_alone(text):
    assert events(text) == []


def test_blank_lines_are_no_lines_of_the_top():
    text = "A title\n" + " \n" * 100 + "Date: 2019-04-24\n"
    assert said(text)[0][1] == "published"


def test_what_stands_far_into_a_line_says_nothing_of_publication():
    assert {kind for _, kind, _, _ in said("Wien, " + " " * 200 + "4 May 2019 - The")} == {"event"}
    assert {kind for _, kind, _, _ in said("word " * 50 + "Date: 4 May 2019")} == {"event"}


def test_a_title_adds_only_what_the_text_does_not_say():
    assert said("On 24 April 2019 they met.", title="Meeting of 24 April 2019, 3 May 2020") == [
        ("2019-04-24", "event", "text", "24 April 2019"),
        ("2020-05-03", "event", "title", None),
    ]


def test_a_title_gives_a_date_its_year_and_the_date_says_so():
    text = "VIENNA, 13 June - The fair opened. It ends on June 15 and began in 2001."
    assert said(text, title="UNIDO Day 2024") == [
        ("2024-06-13", "published", "dateline, year from title", "13 June"),
        ("--06-13", "published", "dateline", "13 June"),
        ("--06-15", "event", "text", "June 15"),
        ("2024-06-15", "event", "text, year from title", "June 15"),
        ("2001", "event", "text", "2001"),
    ]


@pytest.mark.parametrize(
    "title", ["UNIDO Day", "From 2019 to 2020", "The 2030 Agenda", "Agenda 2030", "$2024 a day"]
)
def test_a_title_without_one_clear_year_gives_none(title):
    found = find_dates("On July 5th they met.", title=title)
    assert [date.isoformat() for date in found if date.span] == ["--07-05"]


def test_a_year_that_lacks_the_day_is_not_given():
    found = find_dates("They met on 29 February.", title="Report 2023")
    assert [date.isoformat() for date in found] == ["--02-29"]


@pytest.mark.parametrize(
    ("language", "text", "date"),
    [
        ("de", "am 24. März 2019 in Wien", "2019-03-24"),
        ("de", "im Jahr 2019 begann", "2019"),
        ("fr", "le 1er août 2019 à Vienne", "2019-08-01"),
        ("es", "el 24 de marzo de 2019", "2019-03-24"),
        ("es", "en marzo de 2019", "2019-03"),
        ("it", "il 24 marzo 2019 a Vienna", "2019-03-24"),
        ("pt", "em 24 de março de 2019", "2019-03-24"),
        ("nl", "op 24 maart 2019 in Wenen", "2019-03-24"),
        ("ru", "24 марта 2019 года", "2019-03-24"),
        ("tr", "24 Mart 2019 tarihinde", "2019-03-24"),
        ("fr", "24 April 2019", "2019-04-24"),
        ("zh", "二〇一九年三月二十四日在维也纳", "2019-03-24"),
        ("zh", "一九七八年", "1978"),
        ("zh", "十月一日", "--10-01"),
    ],
)
def test_each_language_writes_dates_its_own_way(language, text, date):
    assert [found.isoformat() for found in find_dates(text, language=language)] == [date]


def test_a_month_of_another_language_is_no_date():
    assert find_dates("NASA's Mars 2020 rover, Mayo 2020") == ()


def test_a_document_is_dated_by_the_labels_of_its_language():
    assert said("Datum: 24. März 2019\nDie Messe begann.", language="de") == [
        ("2019-03-24", "published", "date line", "24. März 2019")
    ]


WIDE = str.maketrans("0123456789-/.", "０１２３４５６７８９－／．")


@settings(max_examples=600, deadline=None)
@given(
    st.lists(
        st.one_of(
            AWKWARD,
            st.dates().map(lambda d: d.strftime("%d %B %Y")),
            st.dates().map(lambda d: f"{d.year}年{d.month}月{d.day}日"),
            st.dates().map(lambda d: d.strftime("%d %B").translate(WIDE)),
            st.dates().map(lambda d: d.strftime("%d/%m/%Y")),
            st.dates().map(lambda d: f" {d.day}. {d.strftime('%B %Y')}"),
            st.sampled_from([" – 2 May 2020", "April 30", "\n", "\r\n2. ", " - May 2, 1999"]),
            st.sampled_from(["31 June 2020", "July 5th", "Date: ", "PARIS, ", " - ", "in 1999"]),
        ),
        max_size=6,
    ).map("".join)
)
def test_every_date_is_possible_and_its_span_reads_as_that_date(text):
    for found in find_dates(text, source=text, html_date=text, title=text):
        found.interval()  # raises where the day does not exist
        if found.span is not None:
            year = None if found.origin.endswith(YEAR_FROM_TITLE) else found.year
            assert parse_date(found.span.of(text)) == (year, found.month, found.day)


def test_a_metadata_field_may_be_a_bare_year_or_month():
    assert parse_date("2019") == (2019, None, None)
    assert parse_date("2019-04") == (2019, 4, None)
    assert parse_date("2019-04-24T10:00:00Z") == (2019, 4, 24)
    assert parse_date("２０１９") == (2019, None, None)
    assert parse_date("soon") is None
