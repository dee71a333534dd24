"""Markdown: the text stays as it is, and its blocks tell what a reader sees of it."""

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from rag.read.markdown import looks_like_markdown, read_markdown
from rag.read.reader import read_document
from rag.text.statements import visible_text

PARSER = (
    MarkdownIt("commonmark")
    .enable(["table", "strikethrough"])
    .use(deflist_plugin)
    .use(footnote_plugin, inline=False, move_to_end=False)
)
MARKS = [
    *("a", "b", "*", "**", "_", "`", "``", "~~", "~~~", "[", "]", "(", ")", "![", "](", "<u>"),
    *(
        "</u>",
        "<a:b>",
        "<br>",
        "<del>",
        "</del>",
        "<!--",
        "-->",
        "\\",
        "\\*",
        "|",
        "\\|",
        "#",
        "##",
    ),
    *("=", "-", ":", "~", ">", "[^a]", "[^a]:", "[b]:", "/u", "```", ".", "&"),
]
BREAKS = ["\n", "\n\n", "\n> ", "\n- ", "\n    ", "\n: ", "\r\n", "|\n|-|-|\n", "\n# ", "\n```\n"]
SPACES = [" ", "  ", "    ", "\t", "\x0b", "\0", "\u00a0"]
MARKUP = st.lists(st.sampled_from([*MARKS, *BREAKS, *SPACES]), max_size=40).map("".join)


def shown(text, block):
    """What is seen of a block: of a row, its cells."""

    def without_hidden(span):
        return "".join(
            character
            for place, character in enumerate(span.of(text), span.start)
            if not any(hidden.start <= place < hidden.end for hidden in block.hidden)
        )

    return "|".join(map(without_hidden, block.cells or [block.span]))


def kinds(text):
    return [(block.kind, block.level, shown(text, block)) for block in read_markdown(text).blocks]


def contexts(text):
    return {
        block.span.of(text): [span.of(text) for span in block.context]
        for block in read_markdown(text).blocks
    }


def parsed_text(text):
    """What the parser itself takes for text: struck out and deleted text is none."""
    parts = []
    for token in PARSER.parse(text):
        if token.type in ("fence", "code_block"):
            parts.append(token.content)
        elif token.type == "inline":
            parts += inline_text(token.children)
    return "".join(parts)


def inline_text(tokens):
    parts, opened = [], []
    for token in tokens:
        tag = token.content if token.type == "html_inline" else token.type
        name = tag.replace("s_open", "s").replace("s_close", "s").strip("</>")
        if tag in ("s_open", "<del>"):
            opened.append((name, len(parts)))
        elif tag in ("s_close", "</del>") and name in [last for last, _ in opened]:
            while opened:
                last, start = opened.pop()
                if last == name:
                    del parts[start:]
                    break
        elif token.type == "image":
            parts += inline_text(token.children or [])
        elif token.type in ("text", "code_inline"):
            parts.append(token.content)
    return parts


@settings(max_examples=500, deadline=None)
@given(MARKUP)
def test_what_is_not_hidden_is_the_text_that_the_parser_finds(text):
    assume(all(token.type != "html_block" for token in PARSER.parse(text)))
    blocks = read_markdown(text).blocks
    seen = "".join(shown(text, block) for block in blocks if block.kind != "hidden")
    expected = parsed_text(text)
    if any(block.cells for block in blocks):
        seen, expected = seen.replace("|", ""), expected.replace("|", "")
    assert "".join(seen.replace("\0", "\ufffd").split()) == "".join(expected.split())


def test_hidden_marks_comments_and_link_definitions_are_told_from_text():
    text = (
        '# Ferry\n\n<!-- Sold to Bo Lind. -->\n\n![The Tern at Esk](tern.jpg "sold")\n\n'
        "Fare: 12\\_000 \\$ for [**two**](https://example.org/x) <https://a.example> `a*b`\n\n"
        '[t]: https://example.org "Sold to Ida"\n'
    )
    assert kinds(text) == [
        ("heading", 1, " Ferry"),
        ("hidden", 0, "<!-- Sold to Bo Lind. -->"),
        ("paragraph", 0, "The Tern at Esk"),
        ("paragraph", 0, "Fare: 12_000 $ for two https://a.example a*b"),
        ("hidden", 0, '[t]: https://example.org "Sold to Ida"'),
    ]


def test_an_item_has_its_lead_in_and_the_items_above_it_as_context():
    text = (
        "# Starting the saw\n\nThese steps, in order:\n\n1. Shut the guard.\n"
        "2. Look at the oil:\n   - level between the marks\n   - colour clear\n\n"
        "   Then wipe it.\n3) Wait.\n"
    )
    assert [(kind, level) for kind, level, _ in kinds(text)] == [
        ("heading", 1),
        ("paragraph", 0),
        ("item", 1),
        ("item", 1),
        ("item", 2),
        ("item", 2),
        ("paragraph", 0),
        ("item", 1),
    ]
    found = contexts(text)
    lead_in, oil = "These steps, in order:", "2. Look at the oil:"
    assert found["1. Shut the guard."] == [lead_in]
    assert found["- colour clear"] == found["Then wipe it."] == [lead_in, oil]
    # Another mark begins another list, which no paragraph leads in to.
    assert found["3) Wait."] == []


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("## Only level two\n\nText.", "Only level two"),
        ("### Low\n\n## *High* & `dry`\n\n## Next", "High & dry"),
        ("# [Hut letter](https://x.example) **now** `code`", "Hut letter now code"),
        ("Hut letter\nof *May*\n===\n", "Hut letter of May"),
        ("---\ntitle: >\n  A long title\n  of the hut\n---\n# Other", "A long title of the hut"),
        ("+++\ntitle = 'A letter'\n+++\n# Other", "A letter"),
        ("---\ndate: 2021-05-06\n---\n**Dear** Ann,\nthe hut", "Dear Ann,"),
        ("---\ntitle: [\n---\n", "title: ["),
    ],
)
def test_a_title_is_the_front_matters_else_the_highest_headings_as_shown(text, title):
    assert read_markdown(text).title == title


@pytest.mark.parametrize(
    "front",
    [
        "---\ntitle: A: letter\nauthor: Ann Lee, Bo Lind\ndate: 2021-05-06 \n---\n",
        "---\nTitle: A letter\nauthor: [Ann Lee, Bo Lind]\ndate: '2021-05-06'\n---\n",
        "+++\ntitle = 'A letter'\nauthor = ['Ann Lee', 'Bo Lind']\n"
        "date = 2021-05-06T10:00:00Z\n+++\n",
        "+++\r\ntitle = 'A letter'\r\nauthor = 'Ann Lee, Bo Lind'\r\ndate = 2021-05-06\r\n+++\r\n",
    ],
)
def test_front_matter_gives_title_author_and_date_and_is_hidden(front):
    document = read_document("a.md", f"{front}\nThe key is of glass.".encode())
    assert document.title.replace(":", "") == "A letter"
    assert document.metadata["author"] == "Ann Lee, Bo Lind"
    (date,) = document.dates
    assert (date.kind, date.origin) == ("published", "front matter")
    assert date.span.of(document.text) == date.isoformat() == "2021-05-06"
    assert [block.kind for block in document.blocks] == ["hidden", "paragraph"]


def test_a_folded_date_has_no_span():
    (date,) = read_markdown("---\ndate: >\n  6 May\n  2021\n---\nText").dates
    assert (date.isoformat(), date.span) == ("2021-05-06", None)


@pytest.mark.parametrize(
    "text",
    [
        "---\na: [\n---\n",
        "---\nNo mapping\n---\n",
        "+++\na = \n+++\n",
        "---\n" + "[" * 9999 + "\n---\n",
    ],
)
def test_front_matter_that_cannot_be_parsed_is_text(text):
    assert [block.kind for block in read_markdown(text).blocks][:1] != ["hidden"] or text[0] == "-"
    assert any(block.kind != "hidden" for block in read_markdown(text).blocks)


def test_a_table_has_its_header_and_caption_as_context_and_cells_without_escapes():
    text = (
        "Lamps in use:\n\n| Name \\| no. | **Oil** |\n|---|:-:|\n| Horn | 3\\|4 |\n| Esk |\n\n"
        "Table: As of May\n"
    )
    document = read_document("a.md", text.encode())
    rows = [block for block in document.blocks if block.cells]
    assert [(row.kind, shown(text, row)) for row in rows] == [
        ("header", "Name | no.|Oil"),
        ("row", "Horn|3|4"),
        ("row", "Esk|"),
    ]
    header = "| Name \\| no. | **Oil** |"
    assert [span.of(text) for span in rows[1].context] == [
        "Lamps in use:",
        "Table: As of May",
        header,
    ]
    assert [block.kind for block in document.blocks] == [
        "paragraph",
        "header",
        "hidden",
        "row",
        "row",
        "caption",
    ]


def test_quotations_code_notes_and_definitions_are_told():
    text = (
        "> He said\n> > so\n\nThe tower has 412[^1] steps.\n\n[^1]: Counted in May.\n\n"
        "```text\nrun *it*\n```\n\nCurator\n: Timo Raikk\n: Magda Ostrow\n\n---\n\n    indented\n"
    )
    assert kinds(text) == [
        ("quotation", 1, " He said"),
        ("quotation", 2, " so"),
        ("paragraph", 0, "The tower has 412 steps."),
        ("note", 0, " Counted in May."),
        ("hidden", 0, "```text"),
        ("code", 0, "run *it*"),
        ("hidden", 0, "```"),
        ("header", 0, "Curator"),
        ("field", 0, " Timo Raikk"),
        ("field", 0, " Magda Ostrow"),
        ("hidden", 0, "---"),
        ("code", 0, "indented"),
    ]
    assert contexts(text)[": Magda Ostrow"] == ["Curator"]


@pytest.mark.parametrize("between", ["> ", ">\n> "])
def test_a_quotation_has_what_leads_in_to_it_and_who_is_quoted_as_context(between):
    text = f"**Of the weir:**\n\n> It *holds*.\n{between}— Ida Krell\n"
    introduced, named = contexts(text)["> It *holds*."]
    assert (introduced, named.strip("> ")) == ("**Of the weir:**", "— Ida Krell")
    assert not any(contexts("> — Is it deep?\n>\n> — No.\n").values())


def test_code_has_what_leads_in_to_it_as_context_and_parts_lists_from_what_stands_above():
    found = contexts("Run this:\n\n```\nweir up\n```\n\n- oars\n")
    assert (found["weir up"], found["- oars"]) == (["Run this:"], [])


def test_what_is_struck_out_is_hidden_with_its_marks():
    text = "It costs ~~9 euros~~ <del>10 euros</del> 11 euros, 3~5 days, ~~~ and <s>never"
    assert kinds(text) == [("paragraph", 0, "It costs   11 euros, 3~5 days, ~~~ and never")]
    assert read_markdown(text).metadata["left_out"] == "struck-out text"
    assert not read_markdown("~~ is a mark, and <s>never ends").metadata


def test_hard_breaks_part_lines():
    text = "Weir office  \n12 Weir Road\\\nSelm<br>*Head*: Ann\nTreu"
    assert [shown for _, _, shown in kinds(text)] == [
        "Weir office",
        "12 Weir Road",
        "Selm",
        "Head: Ann\nTreu",
    ]


def test_questions_turns_and_fields_are_told_as_in_plain_text():
    text = (
        "# Hut\n\n**Q: Where is the [key](#k)?**\n\nA: In the *woodshed*.\n\n**Q: Is it dry?**\n\n"
        "A: Yes.\n\n## Bridge\n\n**Extent:** 48 metres\n**Depth:** 3 metres\n\n- Sold: in May\n"
    )
    assert [found[0::2] for found in kinds(text)] == [
        ("heading", " Hut"),
        ("question", "Q: Where is the key?"),
        ("turn", "A: In the woodshed."),
        ("question", "Q: Is it dry?"),
        ("turn", "A: Yes."),
        ("heading", " Bridge"),
        ("field", "Extent: 48 metres"),
        ("field", "Depth: 3 metres"),
        ("item", " Sold: in May"),
    ]
    assert contexts(text)["A: Yes."] == ["**Q: Is it dry?**"]


def test_markup_between_markdown_is_hidden_and_parts_the_text():
    text = (
        '<div align="center">The <b>Tern</b> is 9&nbsp;m long.</div>\n\n'
        "<table><tr><th>Kind<th>Fare</tr>\n"
        "<tr><td>Day</td><td><del>9</del> 11</td></tr></table>\n\n"
        "<ol><li>Look at the oil:<ul><li>clear</li></ul></li></ol>\n\n"
        "<style>\np {}\n</style>\n\n> <p>Weir<br>\n> Selm</p>\n\n<dl><dt>Curator<dd>Timo</dl>\n"
    )
    assert [kind for kind in kinds(text) if kind[0] != "hidden"] == [
        ("paragraph", 0, "The Tern is 9&nbsp;m long."),
        ("header", 0, "Kind|Fare"),
        ("row", 0, "Day| 11"),
        ("item", 1, "Look at the oil:"),
        ("item", 2, "clear"),
        ("quotation", 1, "Weir"),
        ("quotation", 1, " Selm"),
        ("header", 0, "Curator"),
        ("field", 0, "Timo"),
    ]
    found = contexts(text)
    assert found["<tr><td>Day</td><td><del>9</del> 11</td></tr>"] == ["<tr><th>Kind<th>Fare</tr>"]
    assert found["<li>clear</li>"] == ["<li>Look at the oil:"]
    assert found["<dd>Timo</dl>"] == ["<dt>Curator"]


@pytest.mark.parametrize("around", [("", ""), ("<div>", "</div>")])
def test_a_raised_mark_of_a_note_is_hidden_and_a_power_told(around):
    text = "Found in May 1921<sup>7</sup>, it holds 3 × 10<sup>4</sup> litres of the 4<sup>th</sup>"
    text += " kind, 3<sup>1</sup>/<sub>2</sub> pounds<sup>[2](#n)</sup>,"
    text += " in 1922<sup>8</sup> <b>too</b>."
    if around[0]:
        text = text.replace("[2](#n)", '<a href="#n">[2]</a>').join(around)
    ((kind, _, shown),) = kinds(text)
    assert (kind, shown) == (
        "paragraph",
        "Found in May 1921, it holds 3 × 10<sup>4</sup> litres of the 4th kind, "
        "3<sup>1</sup>/2 pounds, in 1922 too.",
    )


def test_a_row_with_an_empty_first_cell_has_the_row_that_names_it_as_context():
    text = "|Ship|Who|\n|-|-|\n|Tern|Jo|\n||Al|\n|Skua|Ed|\n\nTable: Crews\n"
    found = contexts(text)
    assert found["||Al|"] == ["Table: Crews", "|Ship|Who|", "|Tern|Jo|"]
    assert found["|Skua|Ed|"] == ["Table: Crews", "|Ship|Who|"]


def test_what_a_disclosure_holds_has_its_summary_as_context():
    text = (
        "<details>\n<summary>When is it open?</summary>\n\nOn Monday.\n\n- by day\n\n</details>\n\n"
        "After.\n\n<details><summary>Parking</summary>Behind the mill.</details>\n"
    )
    assert [found[0::2] for found in kinds(text) if found[0] != "hidden"] == [
        ("question", "When is it open?"),
        ("turn", "On Monday."),
        ("item", " by day"),
        ("paragraph", "After."),
        ("question", "Parking"),
        ("turn", "Behind the mill."),
    ]
    assert contexts(text)["- by day"][0] == "<summary>When is it open?</summary>"
    assert contexts(text)["On Monday."] == ["<summary>When is it open?</summary>"]


def test_a_cell_over_several_rows_is_context_of_those_below():
    text = (
        "<table>\n<tr><th>Boat</th><th>Post</th></tr>\n"
        "<tr><td rowspan=2>Tern</td><td>Mate</td></tr>\n"
        "<tr><td>Cook</td></tr>\n<tr><td>Skua</td><td>Boy</td></tr>\n</table>\n"
    )
    rows = [block for block in read_markdown(text).blocks if block.kind == "row"]
    assert [[span.of(text) for span in row.context[1:]] for row in rows] == [[], ["Tern"], []]


def test_a_paragraph_all_in_bold_is_the_heading_of_those_below_it():
    text = (
        "Hut\n\n**Opening hours**\n\nMonday.\n\n__Is it dry?__\n\nYes.\n\n**No dogs.**\n\nNew.\n\n"
        "**Last**\n"
    )
    assert [found[1:] for found in kinds(text) if found[0] == "heading"] == [
        (7, "Opening hours"),
        (7, "Is it dry?"),
    ]
    assert read_markdown(text).title == "Hut"


@pytest.mark.parametrize(
    "tag", ["<span hidden>", '<span style="display: none">', "<span class='a' hidden=''>"]
)
def test_what_a_tag_hides_is_hidden(tag):
    text = (
        f"It costs {tag}9 </span>11 crowns.\n\n<p>It is {tag}not <span>x</span></span>open.</p>\n"
    )
    assert [shown for _, _, shown in kinds(text)] == ["It costs 11 crowns.", "It is open."]
    assert kinds('Not <span class="a hidden">here</span>')[0][2] == "Not here"


def test_items_in_a_cell_are_parted():
    document = read_document("a.md", b"|A|B|\n|-|-|\n|x|<ul><li>8-12</li><li>14-17</li></ul>|\n")
    row = document.blocks[-1]
    assert visible_text(document.text, row.span, document.blocks, "en") == "x | 8-12\n14-17"


def test_a_line_break_in_a_cell_can_be_told_from_other_marks():
    (_, _, row) = read_markdown("|a|\n|-|\n|**b**<br>c|").blocks
    assert "<br>" in [span.of("|a|\n|-|\n|**b**<br>c|") for span in row.hidden]


@pytest.mark.parametrize(
    ("text", "is_markdown"),
    [
        ("Hut\n\n## Keys\nIn the shed.", True),
        ("# Hut\n\nIn the shed.", True),
        ("# a remark\nkey = value\n", False),
        ("Lamp | Oil\n--- | ---\nHorn | 3\n", True),
        ("Lamp | Oil\n-------------\nHorn | 3\n", False),
        ("Run:\n```\nls\n```\n", True),
        ("See [the hut](https://example.org/hut).", True),
        ("See [1] (page 3), f[i](x) and 2 * 3 * 4.", False),
    ],
)
def test_markdown_in_a_text_file_is_known_by_its_structure(text, is_markdown):
    assert looks_like_markdown(text) is is_markdown
    if is_markdown:
        plain, markdown = (read_document(name, text.encode()) for name in ("a.txt", "a.md"))
        assert plain.title == markdown.title
        assert {b.kind for b in plain.blocks} >= {b.kind for b in markdown.blocks} - {"paragraph"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("piece", "characters"),
    [
        *((piece, 200_000) for piece in ("*", "|", "~~a ", "<div>", "<a ", "<!--", "> ", "- ")),
        *((piece, 50_000) for piece in ("[", "![a", "[a]: ", "a\n: b\n", "|a|b|\n|-|-|\n")),
        *((piece, 50_000) for piece in ("`a", "\\|", "<sup>1", "a<br>", "---\n", "x  \n")),
    ],
)
def test_no_markup_takes_more_than_linear_time(piece, characters):
    text = (piece * characters)[:characters]
    started = time.process_time()
    read_markdown(text)
    assert time.process_time() - started < 20
