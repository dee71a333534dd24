"""What a page's markup says of its text becomes blocks."""

import time

import pytest

from rag.read.html import read_html
from rag.read.reader import read_document


def read(body, head=""):
    return read_document(
        "page.html", f"<html><head>{head}</head><body>{body}</body></html>".encode()
    )


def told(document, *kinds):
    """Kind and text of each block, of some kinds only."""
    return [
        (block.kind, block.span.of(document.text))
        for block in document.blocks
        if not kinds or block.kind in kinds
    ]


def contexts(document):
    """The text of each block that has context, and that of its context."""
    return {
        block.span.of(document.text): [span.of(document.text) for span in block.context]
        for block in document.blocks
        if block.context
    }


def cells(document):
    return [
        [cell.of(document.text) for cell in block.cells] for block in document.blocks if block.cells
    ]


def test_headings_have_their_level_and_paragraphs_stand_apart():
    document = read(
        "<h1>The ferry</h1><p>It runs <b>daily</b>.</p><h3>Fares</h3><div>One crown.</div>"
    )
    assert [(b.kind, b.level, b.span.of(document.text)) for b in document.blocks] == [
        ("heading", 1, "The ferry"),
        ("paragraph", 0, "It runs daily."),
        ("heading", 3, "Fares"),
        ("paragraph", 0, "One crown."),
    ]
    assert document.text == "The ferry\n\nIt runs daily.\n\nFares\n\nOne crown."


def test_items_have_their_number_their_lead_in_and_the_item_above():
    document = read(
        "<p>The crew brings:</p><ol start=3><li>oars</li><li><p>ropes</p>"
        "<ul><li>a long one</li></ul></li></ol>"
    )
    assert [(b.kind, b.level, b.span.of(document.text)) for b in document.blocks] == [
        ("paragraph", 0, "The crew brings:"),
        ("item", 1, "3. oars"),
        ("item", 1, "4. ropes"),
        ("item", 2, "a long one"),
    ]
    assert contexts(document) == {
        "3. oars": ["The crew brings:"],
        "4. ropes": ["The crew brings:"],
        "a long one": ["The crew brings:", "4. ropes"],
    }


def test_a_row_says_all_of_its_cells_and_has_caption_and_header_for_context():
    document = read(
        "<table><caption>Crews</caption><tr><th>Ship</th><th>Post</th><th>Who</th></tr>"
        "<tr><td rowspan=2>Tern</td><td>Mate</td><td>Jo Vale</td></tr>"
        "<tr><td>Cook</td><td>Al Reyn</td></tr>"
        "<tr><td>Skua</td><td colspan=2>laid up</td></tr></table>"
    )
    assert told(document) == [
        ("caption", "Crews"),
        ("header", "Ship | Post | Who"),
        ("row", "Tern | Mate | Jo Vale"),
        ("row", "Tern | Cook | Al Reyn"),
        ("row", "Skua | laid up | laid up"),
    ]
    assert cells(document)[2] == ["Tern", "Cook", "Al Reyn"]
    assert contexts(document)["Tern | Cook | Al Reyn"] == ["Crews", "Ship | Post | Who"]


@pytest.mark.parametrize(
    "head",
    [
        "<tr><td></td><th>Mate</th><th>Cook</th></tr>",
        "<tr><td>Ship</td><td>First mate</td><td>Built</td></tr>",
    ],
)
def test_a_first_row_that_names_columns_is_their_header(head):
    rows = "<tr><td>Tern</td><td>Jo Vale</td><td>1998</td></tr>"
    document = read(f"<table>{head}{rows}<tr><td>Skua</td><td>Ed Low</td><td></td></tr></table>")
    assert [block.kind for block in document.blocks] == ["header", "row", "row"]
    assert contexts(document)["Tern | Jo Vale | 1998"] == [document.text.split("\n")[0]]


def test_rows_that_say_figures_or_one_value_have_no_header():
    document = read(
        "<table><tr><td>Built</td><td>1903, by Holz</td></tr><tr><td>Height</td><td>4 m</td></tr>"
        "<tr><td>Keeper</td><td>Ida Krell</td></tr></table>"
        "<table><tr><td>Ann Low</td><td>Director</td><td>Horn</td></tr><tr><td>Bo Reed</td>"
        "<td>Cook</td><td>Selm</td></tr><tr><td>Cy Dale</td><td>Mate</td><td>Horn</td></tr></table>"
    )
    assert {block.kind for block in document.blocks} == {"row"}


def test_a_row_with_an_empty_first_cell_has_the_row_above_that_names_it_for_context():
    document = read(
        "<table><tr><th>Ship</th><th>Post</th><th>Who</th></tr>"
        "<tr><td>Tern</td><td>Mate</td><td>Jo Vale</td></tr>"
        "<tr><td></td><td>Cook</td><td>Al Reyn</td></tr>"
        "<tr><td></td><td>Boy</td><td>Ed Low</td></tr></table>"
    )
    header, named = "Ship | Post | Who", "Tern | Mate | Jo Vale"
    assert contexts(document) == {
        named: [header],
        "| Cook | Al Reyn": [header, named],
        "| Boy | Ed Low": [header, named],
    }


def test_a_short_paragraph_above_a_table_without_caption_leads_in_to_it():
    table = "<table>{}<tr><td>Mate</td><td>Jo Vale</td></tr></table>"
    above = "<p>The crew of the Tern</p>"
    assert contexts(read(above + table.format(""))) == {"Mate | Jo Vale": ["The crew of the Tern"]}
    captioned = read(above + table.format("<caption>Posts</caption>"))
    assert contexts(captioned) == {"Mate | Jo Vale": ["Posts"]}


def test_a_row_of_a_table_in_a_cell_stays_together():
    document = read(
        "<table><tr><th>Depot</th><th>Open</th></tr><tr><td>Harrow</td><td><table>"
        "<tr><td>Mon</td><td>8–12</td></tr><tr><td>Tue</td><td>closed</td></tr></table></td></tr>"
        "</table>"
    )
    assert cells(document)[1] == ["Harrow", "Mon 8–12; Tue closed"]


def test_a_part_of_a_table_is_context_of_its_rows_only():
    document = read(
        "<table><tr><th>Stop</th><th>Time</th></tr><tr><th colspan=2>North</th></tr>"
        "<tr><td>Quay</td><td>9:05</td></tr><tr><th colspan=2>South</th></tr>"
        "<tr><td>Mill</td><td>9:20</td></tr></table>"
    )
    assert contexts(document)["Quay | 9:05"] == ["Stop | Time", "North"]
    assert contexts(document)["Mill | 9:20"] == ["Stop | Time", "South"]
    document = read(
        "<table><tr><th colspan=2>Selm</th></tr><tr><td colspan=2>The weir in flood</td></tr>"
        "<tr><th>Country</th><td>Velmark</td></tr></table>"
    )
    assert contexts(document)["Country | Velmark"] == ["Selm", "The weir in flood"]


def test_lists_and_lines_in_a_cell_stay_in_its_row():
    document = read(
        "<table><tr><th>Day</th><th>Opening<br>hours</th></tr>"
        "<tr><td>Tuesday</td><td><ul><li>9 to 12</li><li>14 to 16</li></ul></td></tr>"
        "<tr><td>Friday</td><td>9 to 12<br>and by request</td></tr>"
        "<tr><td></td><td>closed</td></tr></table>"
    )
    assert told(document) == [
        ("header", "Day | Opening hours"),
        ("row", "Tuesday | 9 to 12; 14 to 16"),
        ("row", "Friday | 9 to 12; and by request"),
        ("row", "| closed"),
    ]
    assert cells(document)[3] == ["", "closed"]


@pytest.mark.parametrize(
    "table",
    [
        "<table><tr><td><h2>News</h2><p>The weir was mended.</p></td>"
        "<td>It cost little.</td></tr></table>",
        "<table><tr><td>The weir was mended.</td></tr><tr><td>It cost little.</td></tr></table>",
        "<table role=presentation><tr><td>The weir was mended.</td>"
        "<td>It cost little.</td></tr></table>",
    ],
)
def test_a_table_that_only_arranges_a_page_is_read_as_what_it_holds(table):
    document = read(table)
    assert told(document, "paragraph") == [
        ("paragraph", "The weir was mended."),
        ("paragraph", "It cost little."),
    ]
    assert not told(document, "row", "header")


def test_a_definition_has_its_terms_for_context():
    document = read(
        "<dl><dt>Warden</dt><dd>Ines Moll</dd><dt>Boats</dt><dt>Nets</dt>"
        "<dd>to hire</dd><dd>daily</dd>"
        "<dt>May dogs come?</dt><dd>On a lead.</dd></dl>"
    )
    assert contexts(document) == {
        "Ines Moll": ["Warden"],
        "to hire": ["Boats", "Nets"],
        "daily": ["Boats", "Nets"],
        "On a lead.": ["May dogs come?"],
    }
    assert told(document)[-2:] == [("question", "May dogs come?"), ("turn", "On a lead.")]
    document = read("<dl><dt>Boats<dt>Nets<dd>to hire</dl>")
    assert contexts(document) == {"to hire": ["Boats", "Nets"]}


@pytest.mark.parametrize(
    "markup",
    [
        "<details><summary>Is there parking?</summary><p>Yes, by the quay.</p></details>",
        '<div itemscope itemtype="https://schema.org/Question">'
        '<h3 itemprop="name">Is there parking?</h3>'
        '<div itemprop="acceptedAnswer"><p itemprop="text">Yes, by the quay.</p></div></div>',
        '<strong class="schema-faq-question">Is there parking?</strong>'
        '<p class="schema-faq-answer">Yes, by the quay.</p>',
    ],
)
def test_an_answer_has_its_question_for_context(markup):
    document = read(f"<h1>Questions</h1>{markup}<p>Write to us.</p>")
    assert told(document)[1:] == [
        ("question", "Is there parking?"),
        ("turn", "Yes, by the quay."),
        ("paragraph", "Write to us."),
    ]
    assert contexts(document) == {"Yes, by the quay.": ["Is there parking?"]}


@pytest.mark.parametrize(
    "markup",
    [
        "<blockquote><p>It holds.</p><footer>— <cite>Ida Krell</cite></footer></blockquote>",
        "<blockquote>It holds.<br>— Ida Krell</blockquote>",
        "<blockquote><p>It holds.</p></blockquote><p>— Ida Krell</p>",
    ],
)
def test_a_quotation_has_what_leads_in_to_it_and_who_is_quoted_for_context(markup):
    document = read(f"<p>Of the weir:</p>{markup}")
    assert contexts(document)["It holds."] == ["Of the weir:", "— Ida Krell"]
    figure = "<figure><blockquote>It holds.</blockquote><figcaption>Ida Krell</figcaption></figure>"
    assert contexts(read(figure)) == {"It holds.": ["Ida Krell"]}


def test_a_label_in_bold_is_context_of_what_follows_it():
    document = read("<p><b>Tariff.</b> Ten euros. Paid at the gate.</p><p><b>Tel.</b> 0455 1</p>")
    assert contexts(document) == {"Ten euros. Paid at the gate.": ["Tariff."]}
    document = read("<ul><li><b>Dogs?</b> On a lead.</li><li><b>Bikes.</b> In the shed.</li></ul>")
    assert contexts(document) == {"On a lead.": ["Dogs?"], "In the shed.": ["Bikes."]}
    assert [block.kind for block in document.blocks] == ["question", "turn", "item", "item"]


def test_a_paragraph_all_in_bold_is_the_heading_of_those_below_it():
    document = read(
        "<h2>Lido</h2><p><b>Opening hours</b></p><p>Monday to Friday.</p>"
        "<p><strong>Is it deep?</strong></p><p>Three metres.</p><p><b>No dogs are let in.</b></p>"
        "<p>It is new.</p><p><b>Ask the porter</b></p>"
    )
    assert [(b.level, b.span.of(document.text)) for b in document.blocks if b.level] == [
        (2, "Lido"),
        (7, "Opening hours"),
        (7, "Is it deep?"),
    ]


def test_a_list_beside_items_is_of_the_item_above_it():
    document = read(
        "<p>We need:</p><ul><li>ropes</li><ul><li>a long one</li></ul><li>oars</li></ul>"
    )
    assert contexts(document)["a long one"] == ["We need:", "ropes"]
    assert contexts(document)["oars"] == ["We need:"]


def test_parts_of_a_line_that_style_sets_apart_are_not_glued():
    document = read(
        "<p><time>3 May 2023</time><span>by Ann Low</span><a href=/>Selm</a></p>"
        "<p><span>un</span><span>seen</span> <code><span>let</span><span>X</span></code></p>"
    )
    assert document.text == "3 May 2023 by Ann Low Selm\n\nunseen letX"


def test_a_space_that_is_hidden_parts_words_all_the_same():
    document = read("<p>Open<span aria-hidden=true> · </span>daily, un<i hidden>x</i>seen</p>")
    assert document.text == "Open daily, unseen"


def test_what_a_tab_opens_is_read():
    document = read(
        '<p><a href="#t">Times</a></p><div id=t style="display:none"><p>It leaves at 8.</p></div>'
        "<div id=u hidden><p>Never.</p></div><p>Adults pay 4 crowns.</p>"
    )
    assert "It leaves at 8." in document.text
    assert "Never." not in document.text


def test_a_disclosure_without_a_summary_is_no_answer():
    assert told(read("<details><p>Kept below.</p></details>")) == [("paragraph", "Kept below.")]


def test_the_last_line_of_a_dialogue_names_nobody():
    document = read("<blockquote><p>— Is it deep?</p><p>— No.</p></blockquote>")
    assert contexts(document) == {}


def test_code_has_what_leads_in_to_it_for_context():
    document = read("<p>Run this:</p><pre><code>weir up</code></pre>")
    assert contexts(document) == {"weir up": ["Run this:"]}


def test_lines_of_an_address_are_fields_under_its_first_line():
    document = read("<p>Harbour office<br>Telephone 0455 21<br>Head: Ole Brandt<br/>Room 4</p>")
    assert document.text == "Harbour office\nTelephone 0455 21\nHead: Ole Brandt\nRoom 4"
    assert {block.kind for block in document.blocks} == {"field"}
    assert contexts(document)["Head: Ole Brandt"] == ["Harbour office"]
    document = read("<p>Harbour office<br>Room 4<br><br>Head: Ole Brandt</p>")
    assert contexts(document)["Head: Ole Brandt"] == ["Harbour office"]


def test_a_label_on_a_line_of_its_own_is_context_of_the_value_below():
    document = read("<p><b>Telephone</b><br>0455 21<br><b>Post</b><br>4 Weir Road</p>")
    assert contexts(document) == {"0455 21": ["Telephone"], "4 Weir Road": ["Post"]}


def test_a_sentence_over_several_lines_stays_one_paragraph():
    document = read(
        "<p>The bridge is closed until<br>30 June for repairs.</p><p>One.<br><br>Two.</p>"
    )
    assert told(document) == [
        ("paragraph", "The bridge is closed until\n30 June for repairs."),
        ("paragraph", "One."),
        ("paragraph", "Two."),
    ]
    document = read("<p>The fee covers<br>the following:</p><ul><li>tea</li></ul>")
    assert contexts(document) == {"tea": ["The fee covers\nthe following:"]}


@pytest.mark.parametrize(
    ("markup", "written", "hidden"),
    [
        ("found in 1921<sup>7</sup> by boys", "found in 1921[7] by boys", ["[7]"]),
        ("412<sup>1</sup> metres", "412[1] metres", ["[1]"]),
        ('Selm<sup><a href="#n1">1</a></sup>, <sup>x</sup>', "Selm[1], x", ["[1]"]),
        ('Selm<a href="#fn2" role="doc-noteref">2</a> is', "Selm[2] is", ["[2]"]),
        ('Selm<sup class="reference"><a href="#c">[3]</a></sup> is', "Selm[3] is", ["[3]"]),
        ("Selm<sup>1</sup>,<sup>2</sup> is", "Selm[1],[2] is", ["[1],[2]"]),
        ("Selm<sup>*</sup> is", "Selm[*] is", ["[*]"]),
        ("3 × 10<sup>4</sup> litres", "3 × 10^4 litres", []),
        ("10<sup>−3</sup> and 2<sup>n</sup>", "10^−3 and 2^n", []),
        ("12 m<sup>2</sup> or 5 s<sup>−1</sup>", "12 m² or 5 s⁻¹", []),
        ("x<sup>2</sup> + y<sup>2</sup> = 25", "x² + y² = 25", []),
        ("CO<sub>2</sub> and Ca<sup>2+</sup>", "CO2 and Ca²⁺", []),
        ("3<sup>1</sup>/<sub>2</sub> pounds", "3 1/2 pounds", []),
        ("<sup>1</sup>/<sub>4</sub> inch", "1/4 inch", []),
        ("the 1<sup>st</sup>, le 1<sup>er</sup>", "the 1st, le 1er", []),
        ("le XVIII<sup>e</sup>, la 1<sup>a</sup>", "le XVIIIe, la 1a", []),
        ("People<sup>a</sup>: 4 512<sup>b, c</sup>", "People[a]: 4 512[b, c]", ["[a]", "[b, c]"]),
        ("1 200<sup>2)</sup> people", "1 200[2)] people", ["[2)]"]),
        ("€ 9<sup>99</sup> or 12<sup>50</sup> €", "€ 9.99 or 12.50 €", []),
    ],
)
def test_what_is_raised_never_joins_the_figure_before_it(markup, written, hidden):
    document = read(f"<p>{markup}</p>")
    assert document.text == written
    (block,) = document.blocks
    assert [span.of(document.text) for span in block.hidden] == hidden


def test_notes_are_notes():
    document = read(
        "<p>The seal is old.<sup>7</sup></p><hr><p><sup>7</sup> See the chronicle.</p>"
        '<section role="doc-endnotes"><ol><li id="fn1">Ibid. '
        '<a href="#r" role="doc-backlink">↩</a></li></ol></section>'
    )
    assert told(document, "note") == [("note", "[7] See the chronicle."), ("note", "1. Ibid.")]


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        ("<del>9</del> <ins>11</ins>", "struck-out text"),
        ("<s>9</s> 11", "struck-out text"),
        ('<span style="text-decoration: line-through">9</span> 11', "struck-out text"),
        ("<span hidden>9</span> 11", "hidden text"),
        ('<span style="display: none">9</span> 11', "hidden text"),
        ('<span aria-hidden="true">9</span> 11', "hidden text"),
        ('<span style="font-size: 0px">9</span> 11', "hidden text"),
    ],
)
def test_what_a_reader_does_not_see_is_left_out_and_said(markup, said):
    document = read(f"<p>It costs {markup} crowns.</p>")
    assert document.text == "It costs 11 crowns."
    assert document.metadata["left_out"] == said


def test_text_in_a_box_without_size_for_its_spaces_is_read():
    document = read('<div style="font-size:0"><p style="font-size:1rem">It is open.</p></div>')
    assert document.text == "It is open."


def test_ruby_keeps_its_base_text_in_the_sentence():
    document = read(
        "<p><ruby>北浜<rp>(</rp><rt>きたはま</rt><rp>)</rp></ruby>公園は六月に開きます。</p>"
    )
    assert document.text == "北浜公園は六月に開きます。"


def test_a_short_page_keeps_its_body_and_no_dialog():
    document = read(
        '<header><nav><a href="/">Home</a></nav></header><div id="cookie-notice"><p>'
        "We use cookies and share data with 40 partners.</p><button>OK</button></div>"
        "<article><h1>Weir</h1><p>It is closed until May.</p></article>"
        "<aside><p>The mayor resigned.</p></aside><footer>Copyright</footer>"
    )
    assert document.text == "Weir\n\nIt is closed until May."


def test_links_to_edit_are_no_part_of_a_heading():
    document = read(
        '<h2>Repairs<span class="mw-editsection">[<a href="/e">edit</a>]</span></h2><p>In 1950.</p>'
    )
    assert document.text == "Repairs\n\nIn 1950."


def test_all_posts_of_a_page_keep_their_headings():
    said = "The geese came back to the weir. " * 12
    posts = [f'<div class="post"><h2>Post number {n}</h2><p>{said}</p></div>' for n in range(5)]
    document = read("".join(posts))
    assert [text for _, text in told(document, "heading")] == [f"Post number {n}" for n in range(5)]


def test_preformatted_code_keeps_its_lines_and_other_text_its_paragraphs():
    document = read(
        "<pre><code>a = 1\n  b = 2</code></pre><pre>One line\nand more.\n\nAnother.</pre>"
        "<blockquote><p>Quoth.</p></blockquote><figure><figcaption>A weir</figcaption></figure>"
    )
    assert told(document) == [
        ("code", "a = 1\n  b = 2"),
        ("paragraph", "One line\nand more."),
        ("paragraph", "Another."),
        ("quotation", "Quoth."),
        ("caption", "A weir"),
    ]


def test_a_page_of_frames_is_read_by_what_it_says_without_them():
    page = (
        "<html><frameset><frame src=a.html><noframes><body><p>The weir.</p></body></noframes>"
        "</frameset></html>"
    )
    assert read_html(page, "page.html").text == "The weir."


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<div>" * 100_000 + "The weir.", "The weir."),
        ("<ul><li>" * 20_000 + "The weir.", "The weir."),
        ("<table><tr><td rowspan=100000 colspan=1000>a</td><td>b</td></tr></table>", "a | b"),
        ("<table>" + "<tr><td rowspan=65000>a<td>b" * 3000 + "</table>", None),
        (
            "<table>"
            + "<tr>"
            + "<td rowspan=9999>word word" * 3000
            + "<tr><td>b" * 3000
            + "</table>",
            None,
        ),
        (
            "<table>"
            + "<tr>"
            + "<td>b" * 900
            + "<tr><td colspan=1000>word word" * 3000
            + "</table>",
            None,
        ),
        ("<table><tr><td>" * 2000 + "The weir.", "The weir."),
        ("<p>a<sup>1</sup>" * 20_000, None),
        ("<p>" + "a<br>" * 50_000, None),
        ("<p>" + "a<sup>1" * 1000, None),
        ("<b>" * 50_000 + "The weir.", "The weir."),
        ("<p>" + "* [ | " * 30_000, None),
        ("<div>" + "<a class=btn>buy</a> a long word " * 5000, None),
        ("<blockquote>x" * 2000 + "<p>— Ida Krell", None),
        ("<p>" + "<span>a" * 2000 + "</span><span>B</span>" * 2000, None),
    ],
)
def test_no_page_takes_more_than_linear_time(markup, text):
    started = time.process_time()
    read_text = read_html(f"<html><body><h1>Weir</h1>{markup}</body></html>", "page.html").text
    assert time.process_time() - started < 5
    assert len(read_text) < 20 * len(markup)
    if text is not None:
        assert read_text == f"Weir\n\n{text}"


def test_a_dialogue_in_paragraphs_has_questions_and_turns():
    document = read("<p><b>Q: When?</b></p><p>A: At nine.</p><p>Q: Where?<br>A: Here.</p>")
    assert [kind for kind, _ in told(document)] == ["question", "turn", "question", "turn"]
    assert contexts(document) == {"A: At nine.": ["Q: When?"], "A: Here.": ["Q: Where?"]}


def test_what_a_button_opens_answers_it_and_a_menu_is_left_out():
    document = read(
        '<button aria-controls="m">Menu</button><div id="m" hidden><a href="/">Home</a></div>'
        '<button aria-controls="a">May dogs come?</button><div id="a" hidden>On a lead.</div>'
    )
    assert told(document) == [("question", "May dogs come?"), ("turn", "On a lead.")]


@pytest.mark.parametrize(
    "button", ["<button>Yes</button>", "<a class=btn>Yes</a>", "<a role=button>Yes</a>"]
)
def test_a_box_with_a_button_that_speaks_of_cookies_is_no_text(button):
    document = read(f"<div class=x><p>We use cookies.</p>{button}</div><p>The weir is open.</p>")
    assert document.text == "The weir is open."


def test_a_caption_below_a_table_is_context_of_its_rows():
    document = read(
        "<figure><table><tr><th>Who</th><th>Post</th></tr><tr><td>Jo Vale</td><td>mate</td></tr>"
        "</table><figcaption>The crew</figcaption></figure>"
    )
    assert contexts(document) == {"Jo Vale | mate": ["The crew", "Who | Post"]}


def test_formulas_keep_exponents_and_fractions():
    ten = "<msup><mn>10</mn><mn>4</mn></msup>"
    document = read(f"<p><math>{ten}<mo>·</mo><mfrac><mn>1</mn><mn>2</mn></mfrac></math></p>")
    assert document.text == "10^4·1/2"


def test_no_reference_of_a_page_forges_what_is_hidden_or_a_cell():
    document = read(
        "<p>It costs &#xFDD0;nine&#64977; &#2a crowns&#x0fdd3;.</p><ol start=--5><li>b</ol>"
    )
    assert document.text == "It costs nine a crowns .\n\n1. b"
    assert not any(block.hidden or block.cells for block in document.blocks)
