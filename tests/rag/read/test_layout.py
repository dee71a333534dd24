"""Plain text is told by its layout: headings, lists, fields, turns, tables, notes, pages."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.read.blocks import covering, trimmed
from rag.read.layout import columns
from rag.read.layout.parse import plain_blocks
from rag.read.plain import read_plain

PARTS = (
    *(
        "- ",
        "* ",
        "1. ",
        "2) ",
        "a) ",
        "一、",
        "> ",
        ">> ",
        "| ",
        " | ",
        "\t",
        "  ",
        "----",
        "=====",
    ),
    *("Q: ", "A: ", "ANNA: ", "Ben Ortiz: ", "问：", "Extent: ", "Page 1", "Page 2", "¹ ", "[1] "),
    *(
        "# ",
        "**",
        "*",
        "```",
        "00:01 --> 00:04",
        "word",
        "Word.",
        "Why?",
        "CAPS",
        "第一条 ",
        "……",
        "７",
    ),
    *(
        "\n",
        "\n",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\f",
        "\u2029",
        "\u3000",
        "\ufeff",
        "\x1c",
        ", ",
        ";",
        "é",
    ),
)
LINES = st.lists(st.sampled_from(PARTS), max_size=40).map("".join)


def described(text):
    """Kind, words and contexts of each block."""
    return [
        (block.kind, block.span.of(text), [span.of(text) for span in block.context])
        for block in covering(text, plain_blocks(text))
    ]


def kinds(text):
    return [(kind, words) for kind, words, _ in described(text)]


def contexts(text):
    return {words: context for _, words, context in described(text)}


@settings(max_examples=200, deadline=None)
@given(LINES)
def test_blocks_cover_any_text_and_all_their_spans_lie_inside(text):
    blocks = plain_blocks(text)
    assert covering(text, blocks) == blocks
    end = 0
    for block in blocks:
        assert not text[end : block.span.start].strip()
        assert trimmed(text, block.span) == block.span
        inner = [(span.start, span.end) for span in (*block.cells, *block.hidden)]
        assert all(block.span.start <= a <= b <= block.span.end for a, b in inner)
        assert list(block.hidden) == sorted(block.hidden)
        assert list(block.cells) == sorted(block.cells)
        assert all(0 <= c.start < c.end <= block.span.start for c in block.context)
        end = block.span.end
    assert not text[end:].strip()


@given(st.text(max_size=80))
def test_any_text_is_read(text):
    assert covering(text, plain_blocks(text)) == plain_blocks(text)


@pytest.mark.parametrize(
    "part",
    [
        *("*", "[", "|", "-", "> ", "a ", "a: ", "- \n", "1. a\n", "|a|b|\n", "a  b\n", "\n ", "…"),
        *("[1] a\n", "----\n1 a\n", "A. ", "=-", "a\tb\n", "\r", "* a\n + b\n", "…  \n", "-x"),
        *("Q: a?\n", "a;b\n\n", "*a ", "** a\n", "_", "a.\n\n", "- - ", "`", "一、", "1.1", "\t"),
    ],
)
def test_long_texts_take_linear_time(part):
    started = time.process_time()
    plain_blocks(part * (30_000 // len(part)))
    assert time.process_time() - started < 3


def test_deep_nesting_takes_linear_time():
    started = time.process_time()
    plain_blocks("".join(f"{' ' * depth}- a\n" for depth in range(600)))
    assert time.process_time() - started < 3


# --- Headings -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "The hoist of the Ebner mill carries 400 kilos.\nIt was mended in May.",
        "Extent: 48 metres\n\nThe wall was built of slate.",
        "Span: two arches\nExtent: 48 metres\n\nThe wall was built of slate.",
        "Hoist code: the code of the Ebner mill's hoist is 8812.\n\nAsk the miller.",
        "4 May 2019\n\nDear Ms Lind,\n\nthe key is here.",
    ],
)
def test_a_first_line_that_states_something_is_no_heading(text):
    assert kinds(text)[0][0] in ("paragraph", "field")


@pytest.mark.parametrize(
    "text",
    [
        "The Ebner mill\n\nIt was built in 1640.",
        "Minutes of the bridge committee, 3 April 2019\n\nPresent: four.",
        "Circular: what changes in the Ebner valley from May\n\nThe bus goes hourly.",
        "Die Mühle am Bach\n==================\nSie wurde 1640 gebaut.",
        "村规民约（二〇二〇年通过）\n\n本村有山林。",
    ],
)
def test_a_first_line_that_names_the_text_is_its_title(text):
    first = plain_blocks(text)[0]
    assert (first.kind, first.level) == ("heading", 1)


def test_headings_stand_alone_in_capitals_underlined_or_numbered():
    text = (
        "The mill\n\nBuilt in 1640.\n\nOpening hours\n\nDaily from nine to five.\n\n"
        "WARNINGS\n1. Mind the step.\n2. Keep off the wheel.\n\n"
        "Prices\n------\nFour euros for everybody.\n\n3.2 Arriving by train\n\nGet off at Harn.\n"
    )
    headings = [(b.span.of(text), b.level) for b in plain_blocks(text) if b.kind == "heading"]
    assert headings == [
        ("The mill", 1),
        ("Opening hours", 2),
        ("WARNINGS", 2),
        ("Prices", 2),
        ("3.2 Arriving by train", 3),
    ]
    assert ("hidden", "------") in kinds(text)


def test_signatures_dates_and_verse_are_no_headings():
    text = (
        "Ebner mill\n\nHarn, 3 May 2019\n\nDear Ms Lind,\n\nthe key is with the miller.\n\n"
        "Yours faithfully,\nA. Holz\n\nRoses are red\nviolets are blue\n"
    )
    assert [kind for kind, _ in kinds(text)] == ["heading"] + ["paragraph"] * 5


@pytest.mark.parametrize(
    "line", ["Sehr geehrter Herr Behr!", "where is the key of the hut?", "[the phone rings]"]
)
def test_greetings_and_remarks_are_no_headings(line):
    text = f"Linz, den 4. Mai 1923\n\n{line}\n\nThe boat can be fetched now.\n\nGood bye.\n"
    assert "heading" not in [kind for kind, _ in kinds(text)]


def test_capitals_head_a_short_line_below_them():
    text = "EXTENT\n48 metres\n\nMATERIAL\nslate and brick\n"
    assert [kind for kind, _ in kinds(text)] == ["heading", "paragraph"] * 2


def test_numbered_headings_are_told_from_numbered_items():
    headed = (
        "Minutes\n\n1. Budget\nThe budget of the library is 18 450 euros.\n\n"
        "2. Roof\nThe roof is to be mended before the winter.\n"
    )
    listed = "Minutes\n\n1. Close the guard.\n2. Turn the key.\n"
    assert [kind for kind, _ in kinds(headed)][1:] == ["heading", "paragraph"] * 2
    assert [kind for kind, _ in kinds(listed)][1:] == ["item", "item"]


# --- Lists --------------------------------------------------------------------------


def test_items_have_their_lead_in_and_the_items_above_them():
    text = (
        "Starting the saw\n\nBefore you start:\n1. Close the guard.\n2. Check the oil:\n"
        "   - level between the marks,\n     seen from the side\n   - colour clear\n"
        "3. Turn the key.\n"
    )
    lead, oil = "Before you start:", "2. Check the oil:"
    assert contexts(text) == {
        "Starting the saw": [],
        lead: [],
        "1. Close the guard.": [lead],
        oil: [lead],
        "- level between the marks,\n     seen from the side": [lead, oil],
        "- colour clear": [lead, oil],
        "3. Turn the key.": [lead],
    }
    assert [b.level for b in plain_blocks(text) if b.kind == "item"] == [1, 1, 2, 2, 1]


@pytest.mark.parametrize(
    "items",
    [
        ["• eins", "• zwei"],
        ["(a) one", "(b) two"],
        ["iv. one", "v. two"],
        ["一、交货地点", "二、单价"],
        ["（一）房屋", "（二）家电"],
        ["① 一", "② 二"],
        ["1）米与水", "2）合盖"],
        ["가. 하나", "나. 둘"],
        ["а) один", "б) два"],
        ["[ ] order tips", "[x] ring Harn"],
        ["第三条 租赁期限为五年。", "第四条 租金每月八千元。"],
        ["09:00 Opening by the mayor", "10:30 Visit to the mill"],
        ["225 g oatmeal", "110 g flour"],
        ["T 101: ploughing", "T 102: the strike"],
    ],
)
def test_bullets_numbers_letters_and_lines_that_begin_alike_make_lists(items):
    text = "Heading of it\n\nWhat there is:\n" + "\n".join(items) + "\n"
    assert described(text)[2:] == [("item", item, ["What there is:"]) for item in items]


@pytest.mark.parametrize("first", ["", "(1) "])
def test_a_line_that_goes_on_in_items_parted_by_commas_leads_in_to_them(first):
    lead, second = f"{first}The fee is", "(2) It is due in March." if first else "It is due."
    items = ["a) forty euros for a house,", "b) nothing for a school."]
    text = "\n\n".join(["Rules", "Fees\n====", lead, *items, second])
    told = described(text)
    assert [(kind, words, context) for kind, words, context in told if words in items] == [
        ("item", item, [lead]) for item in items
    ]
    assert told[-1][1:] == (second, [])


@pytest.mark.parametrize("marks", ["A. @B. @C. ", "1) @2) @3) ", "а) @б) @в) "])
def test_the_last_item_of_a_list_with_blank_lines_is_no_heading(marks):
    items = [mark + "rope" for mark in marks.split("@")]
    text = "\n\n".join(["Kit list", "Each brings:", *items, "The guide brings nothing."])
    assert described(text)[2:5] == [("item", item, ["Each brings:"]) for item in items]


def test_a_number_that_only_begins_a_wrapped_line_makes_no_item():
    text = (
        "Die Arbeiten am alten Aufzug im Haus beginnen am\n12. Juni 2023 und dauern sieben Wochen."
    )
    assert [kind for kind, _ in kinds(text)] == ["paragraph"]


@pytest.mark.parametrize("hanging", ["  ", ""])
def test_an_item_is_wrapped_to_the_width_of_its_list(hanging):
    items = ["- two lamps,\n@Sunday's too", "- the log of the\n@12 last months", "- wool gloves"]
    items = [item.replace("@", hanging) for item in items]
    text = "The hall\n\nBring:\n\n" + "\n".join(items) + "\n\nIt is cold there.\n"
    assert [words for kind, words in kinds(text) if kind == "item"] == items


def test_a_title_in_a_list_is_not_wrapped_over_the_text_below_it():
    text = "Visits\n\n- Hours\n  Daily from nine to five.\n- Prices\n  Four euros for all.\n"
    assert kinds(text)[1:] == [
        ("item", "- Hours"),
        ("paragraph", "Daily from nine to five."),
        ("item", "- Prices"),
        ("paragraph", "Four euros for all."),
    ]


def test_the_number_alone_on_its_line_belongs_to_its_text():
    for kind, words in kinds("Steps\n\n1.\nClose the guard.\n\n2.\nTurn the key.\n"):
        assert words.strip("0123456789. \n"), kind


# --- Fields and records -------------------------------------------------------------


def test_fields_take_their_continuation_lines():
    text = (
        "Wall\n\nExtent: 48 metres\nMaterial: slate,\n  with some brick\nKey:\n  in the woodshed\n"
    )
    assert kinds(text)[1:] == [
        ("field", "Extent: 48 metres"),
        ("field", "Material: slate,\n  with some brick"),
        ("field", "Key:\n  in the woodshed"),
    ]


def test_a_full_width_bar_parts_labels_from_values_or_cells():
    fields = "塘名｜白鹭池\n看守｜ 王小明\n水深 ｜ 三米"
    rows = "塘名｜看守｜水深\n白鹭池｜王小明｜三米\n莲花池｜赵云飞｜两米"
    text = f"池塘\n\n{fields}\n\n{rows}\n\n这里没有别的池塘了。\n"
    told = kinds(text)
    assert told[1:4] == [("field", line) for line in fields.split("\n")]
    assert [kind for kind, _ in told[4:7]] == ["header", "row", "row"]


@pytest.mark.parametrize(
    "field",
    [
        "Open:           daily from nine\n                Sundays by request",
        "开放时间：周一至周五\n　　　　　周末休息",
    ],
)
def test_lines_below_the_value_of_a_field_are_part_of_it(field):
    text = f"Pond\n\n{field}\nWarden: Ida Roe\n\nIt was dug in 1750.\n"
    assert kinds(text)[1:3] == [("field", field), ("field", "Warden: Ida Roe")]


def test_terms_and_dashes_from_the_first_line_on_are_fields():
    text = "Extent - 48 metres\nMaterial - slate\nOwner - the parish\n"
    assert [kind for kind, _ in kinds(text)] == ["field"] * 3


def test_fields_of_a_record_have_its_first_line():
    text = "Huts\n\nName: Alder\nBeds: 12\n\nName: Brenn\nBeds: 8\n"
    assert contexts(text)["Beds: 12"] == ["Name: Alder"]
    assert contexts(text)["Beds: 8"] == ["Name: Brenn"]


# --- Questions, answers, speakers ----------------------------------------------------


@pytest.mark.parametrize(
    ("asks", "answers"),
    [
        *(
            ("Q: ", "A: "),
            ("F: ", "A: "),
            ("В: ", "О: "),
            ("问：", "答："),
            ("Frage: ", "Antwort: "),
        ),
        *(("Q. ", "A. "), ("Question 1: ", "Answer 1: "), ("**Q:** ", "**A:** ")),
        ("Frage: ", "Antwort: "),
    ],
)
def test_answers_have_their_questions(asks, answers):
    where, why = f"{asks}Where is the key?", f"{asks}Why?"
    shed, so = f"{answers}In the shed.", f"{answers}So."
    assert described(f"About the hut\n\n{where}\n{shed}\n\n{why}\n{so}\n")[1:] == [
        ("question", where, []),
        ("turn", shed, [where]),
        ("question", why, []),
        ("turn", so, [why]),
    ]


def test_questions_without_labels_have_their_answers_below_or_behind_them():
    below = "Hut\n\nWhere is the key?\nIn the shed.\n\nIs there water?\nFrom May on.\n"
    behind = "Hut\n\n**Where is the key?** In the shed.\n\n**Is there water?** From May on.\n"
    within = "Hut\n\nQ: Where is the key? A: In the shed.\nQ: Is there water? A: From May on.\n"
    numbered = "Hut\n\n1. Where is the key?\n   In the shed.\n2. Is there water?\n   From May on.\n"
    lettered = "Hut\n\nQ1. Where is the key?\n  In the shed.\nQ2. Is there water?\n  From May on.\n"
    for text in (below, behind, within, numbered, lettered):
        assert [kind for kind, _ in kinds(text)][1:] == ["question", "turn"] * 2
        assert all(context for kind, _, context in described(text) if kind == "turn")


def test_a_second_paragraph_of_an_answer_has_its_question():
    where, more = "F: Wann ist offen?", "Das gilt auch an Feiertagen."
    text = f"Fragen\n\n{where}\nA: Ab 7 Uhr.\n\n{more}\nF: Was kostet es?\nA: 4 Euro.\n"
    assert ("turn", more, [where]) in described(text)


@pytest.mark.parametrize(
    "stamps",
    [
        ["[00:00:12] ", "[00:00:19] ", "[00:00:25] ", "[00:01:31] "],
        [
            "[12.03.21, 18:04:11] ",
            "[12.03.21, 18:05:40] ",
            "[12.03.21, 18:05:59] ",
            "[13.03.21, 9:00:12] ",
        ],
        ["12/03/21, 18:04 - ", "12/03/21, 18:05 - ", "12/03/21, 18:07 - ", "12/03/21, 18:09 - "],
    ],
)
def test_turns_may_begin_with_when_they_were_said(stamps):
    said = ["Lena: When does he come?", "Tom: Thursday", "Lena: Great", "Tom: He needs the key"]
    turns = [stamp + words for stamp, words in zip(stamps, said, strict=True)]
    told = described("Talk\n\n" + "\n".join(turns) + "\n")
    assert [(kind, words) for kind, words, _ in told[1:]] == [("turn", turn) for turn in turns]
    assert told[2][2] == [turns[0]]


def test_what_happens_between_turns_is_no_heading():
    text = "Tape\n\nANNA: When?\n\nBEN: At six.\n\n[a bell]\n\nANNA: Why?\n\nBEN: So.\n"
    assert ("turn", "[a bell]") in kinds(text)


def test_speakers_turns_have_the_question_they_answer_and_are_quotable():
    text = "Tape 4\n\nANNA: When does the ferry go?\nBEN: At half past\nsix.\nANNA: Thanks, Ben.\n"
    assert described(text)[1:] == [
        ("turn", "ANNA: When does the ferry go?", []),
        ("turn", "BEN: At half past\nsix.", ["ANNA: When does the ferry go?"]),
        ("turn", "ANNA: Thanks, Ben.", []),
    ]


def test_times_of_subtitles_are_furniture():
    text = (
        "1\n00:00:01,000 --> 00:00:04,000\nANNA: When does it go?\n\n"
        "2\n00:00:04,500 --> 00:00:07,000\nBEN: At six.\n\n"
        "3\n00:00:08,000 --> 00:00:09,000\nANNA: Good.\n"
    )
    assert [kind for kind, _ in kinds(text)] == ["furniture", "furniture", "turn"] * 3


def test_hours_with_what_happens_then_are_no_subtitles():
    text = (
        "Fair day\n\n09:00-09:20  Opening by Ms Orme\n09:20–10:10  Talk\n11:00—12:00\u3000茶歇\n\n"
        "Hours on Monday\n08:00 - 12:00\n"
    )
    assert not {"furniture", "hidden"} & {kind for kind, _ in kinds(text)}
    cue = "00:00:01.000 --> 00:00:04.000 align:start position:0%\nAt six.\n"
    assert next(kind for kind, _ in kinds(cue)) == "furniture"


def test_dashes_begin_turns_where_they_ask_and_answer():
    text = "Söyleşi\n\n— Nasıl başladınız?\n— Ustadan öğrendim.\n— Neden?\n— Sevdim.\n"
    assert [kind for kind, _ in kinds(text)][1:] == ["turn"] * 4
    assert contexts(text)["— Sevdim."] == ["— Neden?"]


def test_fields_that_recur_in_their_order_are_no_turns():
    weeks = ("Week 31\nWeather: Frost.\nWalls: East up.", "Week 32\nWeather: Open.\nWalls: West.")
    text = "Diary\n\n" + "\n\n".join(weeks)
    assert "turn" not in [kind for kind, _ in kinds(text)]


# --- Tables -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ["| Name | Beds |", "|---|---|", "| Alder | 12 |", "| Brenn | 8 |"],
        [
            "+-------+------+",
            "| Name  | Beds |",
            "+=======+======+",
            "| Alder | 12   |",
            "| Brenn | 8    |",
        ],
        ["Name     Beds", "-------  ----", "Alder      12", "Brenn       8"],
        ["Name     Beds", "Alder      12", "Brenn       8"],
        ["Name\tBeds", "Alder\t12", "Brenn\t8"],
        ["Name | Beds", "Alder | 12", "Brenn | 8"],
    ],
)
def test_rows_have_their_header_and_cells(lines):
    text = (
        "Huts\n\nTable 1: beds in the huts\n" + "\n".join(lines) + "\n\nMore text follows here.\n"
    )
    blocks = plain_blocks(text)
    rows = [b for b in blocks if b.kind == "row"]
    header = next(b for b in blocks if b.kind == "header")
    caption = next(b for b in blocks if b.kind == "caption")
    assert [cell.of(text) for cell in header.cells] == ["Name", "Beds"]
    assert [[c.of(text) for c in row.cells] for row in rows] == [["Alder", "12"], ["Brenn", "8"]]
    assert all(row.context == (caption.span, header.span) for row in rows)
    assert all(b.kind == "hidden" for b in blocks if set(b.span.of(text)) <= set("-+=| "))


@pytest.mark.parametrize(
    ("lines", "headed"),
    [
        (["    Pond       Warden", "    Ash        Ida Roe", "    Long Mere  Tom Ek"], False),
        (["Pond       Warden", "Ash        Ida Roe", "Long Mere  Tom Ek", "Elm  Jo Lee"], True),
        (["Pond         Warden", "Long Mere   Ida Roe", "Ash          Tom Ek", "Elm  O Ny"], True),
        (["Pond\tBank", "Ash\tbehind the mill", "Elm\tat slip 3", "Old Mere\tlow"], True),
        (["池名      看守", "白鹭池    王小明", "芦苇荡    李大华", "莲花池    赵云飞"], True),
        (["Warden   Ida Roe", "Deputy   Tom Ek", "Bursar   Jo Lee", "Diver    An Po"], False),
        (["Monday  closed", "Tuesday  9-12", "Sunday  10-16", "Friday  9-10"], False),
        (["Name:    Ash", "Depth:   3 m", "Since:   1987", "Bank:    2"], False),
        (["Bought   from the county", "Depth    3 m", "Dug      by hand", "Bank     clay"], False),
    ],
)
def test_two_columns_have_a_header_if_it_is_unlike_the_rows(lines, headed):
    blocks = plain_blocks("Ponds\n\nThese are kept.\n\n" + "\n".join(lines) + "\n\nNo more.\n")
    rows = [block for block in blocks if block.cells]
    assert len(rows) == len(lines)
    assert (rows[0].kind == "header") is headed
    assert all(row.context == ((rows[0].span,) if headed else ()) for row in rows[1:])


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        (
            [
                "Name     Post              Since",
                "Ida Roe  head of archive   1998",
                "         and library",
                "Tom Ek   porter            2004",
            ],
            [["Ida Roe", "head of archive", "1998", "and library"], ["Tom Ek", "porter", "2004"]],
        ),
        (
            [
                "Hut   | Key              | Beds",
                "------+------------------+-----",
                "Alder | in the woodshed, | 12",
                "      | behind the saw   |",
                "Brenn | with Ida         | 8",
            ],
            [
                ["Alder", "in the woodshed,", "12", "behind the saw"],
                ["Brenn", "with Ida", "8"],
            ],
        ),
        (
            [
                "Bird           Where             Count",
                "Great crested  northern reedbeds     4",
                "grebe          and shore",
                "Coot           open water           61",
            ],
            [
                ["Great crested", "northern reedbeds", "4", "grebe", "and shore"],
                ["Coot", "open water", "61"],
            ],
        ),
    ],
)
def test_the_rest_of_a_broken_cell_belongs_to_its_row(lines, rows):
    text = "Lists\n\n" + "\n".join(lines) + "\n\nNo more is known of them.\n"
    blocks = [block for block in plain_blocks(text) if block.cells]
    assert blocks[0].kind == "header"
    assert [[cell.of(text) for cell in block.cells] for block in blocks[1:]] == rows


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        (
            [
                "Day    Upper  Lower",
                "       (m)    (m)",
                "3 May  4.12   2.80",
                "4 May  4.10   2.79",
            ],
            2,
        ),
        (["Hut\tDepth\tTemp", "\tm\t°C", "Alder\t12\t8.4", "Brenn\t30\t6.1"], 2),
        (
            [
                "         1901   1911",
                "Parish   Men    Men",
                "Brack    112    130",
                "Harn     80     77",
            ],
            2,
        ),
        (
            [
                "Day    Upper  Lower",
                "3 May  4.12   2.80",
                "       4.31   2.81",
                "4 May  4.10   2.79",
            ],
            1,
        ),
    ],
)
def test_a_row_of_units_and_a_second_line_of_the_head_are_headers(lines, headers):
    text = "Levels\n\n" + "\n".join(lines) + "\n\nNo more is known of them.\n"
    blocks = [block for block in plain_blocks(text) if block.cells]
    assert [block.kind for block in blocks] == ["header"] * headers + ["row"] * (4 - headers)
    assert all(
        block.context[:headers] == tuple(above.span for above in blocks[:headers])
        for block in blocks[headers:]
    )


def test_rows_have_the_line_that_names_them_and_the_row_whose_name_they_share():
    text = (
        "Tariff\n\n            Single   Return\nPassengers\n  Adults     2.40     4.00\n"
        "Vehicles\n  Cars       9.00    16.00\n             8.00    15.00\n\nChildren go free.\n"
    )
    head, cars = "Single   Return", "Cars       9.00    16.00"
    told = contexts(text)
    assert told["Adults     2.40     4.00"] == [head, "Passengers"]
    assert told[cars] == [head, "Vehicles"]
    assert told["8.00    15.00"] == [head, "Vehicles", cars]


def test_values_in_quotes_may_hold_commas():
    text = 'id,name,beds\n1,Alder,12\n2,"Corvo, alto",20\n3,Brenn,8\n'
    assert [kind for kind, _ in kinds(text)] == ["header", "row", "row", "row"]


def test_labels_and_values_that_colons_part_in_a_column_are_fields():
    fields = [
        "Title       : Mill wheel",
        "Acquired    : in 1987 from\n              Ida",
        "State : ok",
    ]
    told = kinds("Object\n\n" + "\n".join(fields) + "\n\nNo more is known of it.\n")
    assert told[1:4] == [("field", field) for field in fields]


def test_columns_of_wide_characters_and_empty_cells_are_told():
    text = (
        "清单\n\n编号　　名称　　　　年代\nH-01　　竹编食盒　　1952年\n"
        "H-02　　　　　　　　1961年\nH-03　　银锁片　　　民国\n"
    )
    cells = [[c.of(text) for c in b.cells] for b in plain_blocks(text) if b.cells]
    assert cells[1:3] == [["H-01", "竹编食盒", "1952年"], ["H-02", "", "1961年"]]


def test_separated_values_in_a_text_are_rows():
    text = 'Data\n\nname;beds;key\nAlder;12;shed\n"Brenn";8;"the porch"\n'
    cells = [[c.of(text) for c in b.cells] for b in plain_blocks(text) if b.cells]
    assert cells[-2:] == [["Alder", "12", "shed"], ["Brenn", "8", "the porch"]]


def test_a_table_goes_on_over_blank_lines_with_its_header():
    text = (
        "Accounts\n\nItem          2008     2007\nSales      418,300  461,900\n"
        "Grants     300,000  300,000\n\nSalaries   502,400  488,700\n"
        "Sets       141,900  158,300\nHire        28,800   24,000\n"
    )
    blocks = [b for b in plain_blocks(text) if b.kind in ("header", "row")]
    assert blocks[0].kind == "header"
    assert all(block.context == (blocks[0].span,) for block in blocks[1:])


def test_sentences_parted_by_two_spaces_are_no_table():
    text = (
        "Note\n\nThe mill is old.  It was built in 1640.\n"
        "The wheel turns.  It is of oak.\nNobody lives.  It is a museum.\n"
    )
    assert "row" not in [kind for kind, _ in kinds(text)]


# --- Mail, pages, notes -------------------------------------------------------------


def test_quoted_replies_have_levels_and_hidden_marks():
    text = "Good.\n\n> On 5 May Ann wrote\n> the hut is closed.\n>> Is it open?\n-- \nB. Ortiz\n"
    quoted = [b for b in plain_blocks(text) if b.kind == "quotation"]
    assert [b.level for b in quoted] == [1, 2]
    assert [[h.of(text) for h in b.hidden] for b in quoted] == [["> ", "> "], [">> "]]
    assert ("hidden", "--") in kinds(text)


def test_a_quotation_goes_on_over_a_blank_line_with_what_led_in_to_it():
    wrote, jo = "On 2 Jun Tom Ek wrote:", "> > On 1 Jun Jo wrote:"
    text = f"{wrote}\n\n> Dear Ida,\n>\n> it is open.\n>\n{jo}\n> > It hangs.\n>\n> Tom\n"
    told = contexts(text)
    assert told["> it is open."] == told["> Tom"] == [wrote]
    assert told["> > It hangs."] == [wrote, jo]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n", "\f", "\n\f\n"])
def test_running_headers_are_furniture_and_the_sentence_goes_on(end):
    text = end.join(
        [
            "Report of the ferry board 2018",
            "Page 1 of 2",
            "The ferry board spent 20 000 euros on two engines, which were",
            "Report of the ferry board 2018",
            " Page 2 of 2",
            "delivered in May and fitted in June.",
        ]
    )
    blocks = plain_blocks(text)
    assert [b.kind for b in blocks] == [
        "heading",
        "furniture",
        "paragraph",
        "furniture",
        "furniture",
        "paragraph",
    ]
    assert blocks[-1].continues


def test_a_line_that_goes_on_behind_a_page_is_no_heading():
    first, second = "It paid for engines, which were", "fitted in June."
    text = f"Board 3\n\n{first}\n\fBoard 4\n\n{second}\n\fBoard 5\n\nEnd.\n"
    blocks = plain_blocks(text)
    assert "heading" not in [block.kind for block in blocks]
    assert [b.span.of(text) for b in blocks if b.continues] == ["fitted in June."]


@pytest.mark.parametrize(
    "heads",
    [
        [
            "THE MILL BOOK          1",
            "2          THE MILL BOOK",
            "THE MILL BOOK          3",
            "4          THE MILL BOOK",
        ],
        ["12 | The Mill Book", "Of wheels | 13", "14 | The Mill Book", "Of wheels | 15"],
        ["                iv", "                v", "                vi", "                vii"],
    ],
)
def test_headers_of_left_and_right_pages_are_furniture(heads):
    one = "The wheel of the mill was made of elm and turned two"
    two = "pairs of stones. The dam beside it was raised in 1764 by"
    three = "the elder miller, who had bought the stone for it from"
    text = "\n\n".join([heads[0], one, heads[1], two, heads[2], three, heads[3], "Harn."])
    assert [(kind, words) for kind, words in kinds(text) if kind != "paragraph"][-3:] == [
        ("furniture", head.strip()) for head in heads[1:]
    ]
    assert [block.continues for block in plain_blocks(text) if block.kind == "paragraph"] == [
        False,
        True,
        True,
        True,
    ]


def test_form_feeds_and_page_numbers():
    pages = [f"{'The lock was mended in May and it holds. ' * 20}\n\n- {n} -\f" for n in (1, 2, 3)]
    assert [kind for kind, _ in kinds("".join(pages))] == ["paragraph", "furniture"] * 3


def test_chapters_that_count_are_no_page_numbers():
    text = "Book\n\nChapter 1\n\nThe mill is old.\n\nChapter 2\n\nIt was sold.\n"
    assert "furniture" not in [kind for kind, _ in kinds(text)]


def test_notes_that_are_cited_together_are_all_notes():
    text = "The seal was found by boys [4, 6] in May.\n\n[4] Krell 1960.\n[6] Ibid.\n"
    assert [kind for kind, _ in kinds(text)][1:] == ["note", "note"]


@pytest.mark.parametrize("mark", ["²", "[2]", "*", "2)"])
def test_footnotes_below_a_rule_are_notes(mark):
    cited = mark.rstrip(")")
    above = f"The mine\n\nThe mine closed in 1921.{cited} It had 300 miners."
    text = f"{above}\n\n----\n{mark} So the union, 1923.\n"
    assert kinds(text)[-2:] == [("hidden", "----"), ("note", f"{mark} So the union, 1923.")]


# --- Line ends ----------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028"])
def test_line_ends_of_every_system_part_lines(end):
    text = end.join(["Hut", "", "Beds: 12", "- one", "- two", "", "Text."])
    assert [kind for kind, _ in kinds(text)] == ["heading", "field", "item", "item", "paragraph"]


def test_a_text_without_line_ends_is_a_paragraph():
    assert kinds("  The mill is old. It was sold.") == [
        ("paragraph", "The mill is old. It was sold.")
    ]


def test_wrapped_lines_are_one_paragraph_and_marks_of_emphasis_are_hidden():
    text = "Mill\n\nThe *Ebner* mill was built in\n1640 and **sold** in 1712.\n"
    block = plain_blocks(text)[1]
    assert block.span.of(text) == text.split("\n\n")[1].strip()
    assert [span.of(text) for span in block.hidden] == ["*", "*", "**", "**"]


def test_the_title_is_the_first_line_without_its_marks():
    assert read_plain("\n# The mill\n\nText.").title == "The mill"
    assert read_plain("**The mill**\n\nText.").title == "The mill"


def test_marks_of_markdown_are_hidden_and_its_code_and_comments_told():
    text = (
        "Hut\n\n## Keys\nBeds: 12, see [the plan](https://example.org/p)\nWater: no\n\n"
        "<!-- ask\nAnn -->\n\n| Month | Beds |\n|---|---|\n| May | 12 |\n\n"
        "Q: Is it open?\nA: Yes.\n\n    ls -l\n\nQ: Why?\nA: So.\n"
    )
    blocks = read_plain(text).blocks
    assert covering(text, blocks) == blocks
    assert [block.kind for block in blocks] == [
        *("heading", "heading", "field", "field", "hidden", "header", "hidden", "row"),
        *("question", "turn", "code", "question", "turn"),
    ]
    assert [span.of(text) for span in blocks[2].hidden] == ["[", "](https://example.org/p)"]


def test_a_table_drawn_in_a_fence_has_rows():
    text = "Huts\n\n```\nName    Beds  Key\nAlder   12    shed\nBrenn   8     porch\n```\n\nText.\n"
    assert [kind for kind, _ in kinds(text)] == [
        *("heading", "hidden", "header", "row", "row", "hidden", "paragraph"),
    ]


def test_a_heading_that_begins_its_paragraph_is_context_of_it():
    text = "Club\n\n**Exams.** Three passed. One failed.\n\n**Ann Lind** was its first chair.\n"
    assert described(text)[1:] == [
        ("paragraph", "**Exams.**", []),
        ("paragraph", "Three passed. One failed.", ["**Exams.**"]),
        ("paragraph", "**Ann Lind** was its first chair.", []),
    ]


@given(st.text(alphabet="a. _·\u3000\u00a0", max_size=20))
def test_a_line_is_told_to_have_gaps_as_they_are_found(text):
    assert (columns._GAPPED.search(text) is None) == (columns._GAP.search(text) is None)
