import hashlib
import re
import time
from encodings.aliases import aliases

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import ReadError
from rag.read import html
from rag.read.base import MAX_TITLE_CHARACTERS
from rag.read.markdown import read_markdown
from rag.read.reader import read_document, supported_suffixes
from rag.text.statements import find_statements
from tests.rag.text.test_sentences import AWKWARD

ENGLISH = "The fair was opened on Thursday by the mayor of the city and by the director.\r\n"
CHINESE = "联合国工业发展组织总干事访问了深圳，并与公司的代表讨论了创新和工业合作。\n"
FRENCH = "Le café était fermé à Noël, où l'élève préféra rester près de la fenêtre.\n"
RUSSIAN = "Международная выставка открылась в четверг, на неё приехали гости из десяти стран.\n"

PAGE = """<!doctype html><html><head><title>Fair opens | Press</title>
<meta name="author" content="Ann Lee"><meta property="og:site_name" content="Press Office">
<meta property="article:published_time" content="2019-04-24T10:00:00Z"></head>
<body><nav><a href="/">Home</a> <a href="/about">About us</a></nav><article><h1>Fair opens</h1>
<p>The fair was opened on Thursday by the mayor of the city, and more than three hundred guests
from ten countries came to see what the exhibitors had brought with them this year.</p>
<p>They spoke of green technology, of caf&eacute;s and of the road &amp; rail links.</p>
</article><footer>Copyright</footer><script>var x = 1;</script></body></html>"""


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (ENGLISH.encode(), ENGLISH, "utf-8"),
        (b"\xef\xbb\xbf" + CHINESE.encode(), CHINESE, "utf-8 (byte order mark)"),
        (ENGLISH.encode("utf-16"), ENGLISH, "utf-16-le (byte order mark)"),
        (b"\xfe\xff" + CHINESE.encode("utf-16-be"), CHINESE, "utf-16-be (byte order mark)"),
        (ENGLISH.encode("utf-32"), ENGLISH, "utf-32-le (byte order mark)"),
    ],
)
def test_the_encoding_is_found_and_named(data, text, encoding):
    document = read_document("page.txt", data)
    assert document.text == text
    assert document.metadata["encoding"] == encoding


@settings(max_examples=300, deadline=None)
@given(AWKWARD.filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_text_is_read_exactly_or_refused(text):
    try:
        document = read_document("page.txt", text.encode("utf-8"))
    except ReadError:
        return
    if "guessed" in document.metadata["encoding"]:
        assert text.count("\0") >= len(text) / 2  # as in UTF-16
        return
    # The mark itself is not text.
    assert document.text == text.removeprefix("\ufeff")
    assert document.content_hash == hashlib.sha256(document.text.encode()).hexdigest()
    assert document.content_hash.startswith(document.id)
    assert len(document.id) == 16
    for date in document.dates:
        assert date.span is None or date.span.end <= len(document.text)


ODD_MARKUP = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.sampled_from(sorted(aliases)).map(lambda name: f"<meta charset={name}>".encode()),
        st.sampled_from(
            re.findall(
                rb"\S+",
                b"<html> </html> <head> <body> <p> </p> <!-- --> <!doctype <?xml <title> </title> "
                b'&#xD800; &#0; {} [] null "@context":"https://schema.org", "@type":"Article" '
                b'<script\ttype=\'application/ld+json\'> </script> "headline":[] "author":[1] '
                b'"datePublished":{} --- title: # Hello',
            )
        ),
        st.sampled_from([b"\r\n", b" ", b"<script type='application/ld+json'>{", b"}</script>"]),
    ),
    max_size=20,
).map(b"".join)


@settings(max_examples=600, deadline=None)
@given(
    st.one_of(st.binary(max_size=300), ODD_MARKUP), st.sampled_from(sorted(supported_suffixes()))
)
def test_any_bytes_give_a_document_or_a_read_error(data, suffix):
    try:
        document = read_document(f"page{suffix}", data)
        text = document.text
        "".join([document.title, *document.metadata.values()]).encode()
    except ReadError as error:
        text = str(error).removeprefix(f"page{suffix} ")
        said = True
    else:
        said = False
    assert text.strip()
    assert not said or text.startswith(("is ", "holds ", "begins "))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG"),
        (b"%PDF-1.7\n", "PDF"),
        (bytes(range(256)) * 8, "control characters"),
        (b"", "holds no text"),
        (b" \r\n\t ", "holds no text"),
        (b"\xef\xbb\xbf", "holds no text"),
        (b"\xff\xfeabc", "not valid"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(data, reason):
    with pytest.raises(ReadError, match=reason) as raised:
        read_document("archive/page.txt", data)
    assert "archive/page.txt" in str(raised.value)


def test_an_unknown_suffix_is_refused_and_the_known_ones_named():
    with pytest.raises(ReadError, match=r"\.docx.*\.html.*\.txt"):
        read_document("page.docx", b"text")
    assert supported_suffixes() == {".txt", ".md", ".markdown", ".html", ".htm"}


def test_a_page_gives_its_main_text_title_author_site_and_date():
    document = read_document("page.html", PAGE.encode())
    assert document.title == "Fair opens"
    assert "three hundred guests" in document.text
    assert "cafés and of the road & rail" in document.text
    assert "About us" not in document.text
    assert "var x" not in document.text
    assert document.metadata["author"] == "Ann Lee"
    assert document.metadata["site"] == "Press Office"
    assert document.metadata["media_type"] == "text/html"
    assert document.published is not None
    assert (document.published.isoformat(), document.published.origin) == (
        "2019-04-24",
        "html metadata",
    )


@pytest.mark.parametrize("charset", ["gb2312", "windows-1251", "iso-8859-1"])
def test_a_page_is_read_in_the_encoding_it_declares(charset):
    text = {"gb2312": CHINESE, "windows-1251": RUSSIAN, "iso-8859-1": FRENCH}[charset]
    page = f'<html><head><meta charset="{charset}"></head><body><p>{text * 4}</p></body></html>'
    document = read_document("page.htm", page.encode(charset))
    assert text.strip() in document.text


def test_a_page_without_an_article_gives_what_it_shows_and_one_without_text_is_refused():
    page = b"<html><body><div>Opening hours: nine to five</div></body></html>"
    assert "nine to five" in read_document("page.html", page).text
    with pytest.raises(ReadError, match="no text"):
        read_document("page.html", b"<html><body><script>var x = 1;</script></body></html>")


def test_half_a_surrogate_pair_in_a_page_does_not_break_it():
    document = read_document("page.html", PAGE.replace("&amp;", "&#xD800;").encode())
    assert len(document.content_hash) == 64


def test_a_url_is_read_as_what_it_turns_out_to_be():
    page = read_document("https://a.org/2019/04/24/fair", PAGE.encode())
    assert page.metadata["media_type"] == "text/html"
    assert page.title == "Fair opens"
    plain = read_document("https://a.org/v1.2", b"The fair was opened by the mayor.")
    assert plain.metadata["media_type"] == "text/plain"


def test_markdown_takes_title_and_date_from_front_matter():
    text = (
        '---\ntitle: "Fair: the opening"\ndate: 2020-03-03\nauthor: Ann Lee\n---\n# Other\n\nText.'
    )
    document = read_document("page.md", text.encode())
    assert document.text == text
    assert document.title == "Fair: the opening"
    assert document.metadata["author"] == "Ann Lee"
    (date,) = document.dates
    assert (date.isoformat(), date.kind, date.origin) == ("2020-03-03", "published", "front matter")
    assert date.span.of(text) == "2020-03-03"


def test_markdown_takes_its_title_from_the_first_heading_outside_code():
    text = "```\n# not this\n```\n\n# Fair opens #\n\nText."
    assert read_document("page.markdown", text.encode()).title == "Fair opens"


def test_a_plain_title_is_the_first_line_if_short_else_the_file_name():
    assert read_document("page.txt", b"\n\n  Fair opens \nText.").title == "Fair opens"
    assert read_document("a/page.txt", b"word " * 60).title == "page.txt"


def test_a_document_names_its_language():
    german = "Die Messe wurde am Donnerstag in der Stadt eröffnet."
    for text, language in ((ENGLISH, "en"), (CHINESE, "zh"), (FRENCH, "fr"), (german, "de")):
        assert read_document("a.txt", text.encode()).language == language


def test_a_headline_and_a_byline_of_a_page_are_no_part_of_its_first_sentence():
    page = (
        "<html><head><title>News</title></head><body><article><h1>A joint institute</h1>"
        "<p>Published 9 March 2021</p><p>Shanghai Jiao Tong University runs it with UNIDO. "
        "It opened in 2020 and it trains engineers of many countries.</p></article></body></html>"
    )
    page_read = read_document("page.html", page.encode())
    text = page_read.text
    found = find_statements(text, page_read.blocks, page_read.language)
    sentences = [statement.span.of(text) for statement in found]
    assert "Shanghai Jiao Tong University runs it with UNIDO." in sentences


def test_whatever_encoding_a_page_declares_it_is_read():
    # ASCII, which every encoding of web pages reads alike.
    for charset in sorted({*aliases, "hex", "idna", "undefined", "punycode", "no-such"}):
        page = f"<html><head><meta charset={charset}></head><body><p>A fair.</p></body></html>"
        assert "A fair." in read_document("page.html", page.encode()).text, charset


@pytest.mark.parametrize("charset", ["idna", "unicode_escape", "utf-7", "raw_unicode_escape"])
def test_no_page_is_read_in_an_encoding_that_no_page_has(charset):
    page = rf"<html><head><meta charset={charset}></head><body>+AGE- \u0041</body></html>"
    document = read_document("page.html", page.encode())
    assert (document.metadata["encoding"], document.text.strip()) == ("utf-8", r"+AGE- \u0041")


HEADLINE_LIST = (
    '<html><head><script type="application/ld+json">{"@context":"https://schema.org",'
    '"@type":"Article","headline":["q"]}</script></head><body><p>A fair opened.</p></body></html>'
)


def test_metadata_that_cannot_be_parsed_leaves_the_text():
    assert read_document("page.html", HEADLINE_LIST.encode()).text == "A fair opened."


def test_a_page_that_cannot_be_parsed_is_refused(monkeypatch):
    def fail(*_, **__):
        raise AttributeError("no such thing")

    monkeypatch.setattr(html.trafilatura, "bare_extraction", fail)
    with pytest.raises(
        ReadError, match=r"page\.html .* cannot be parsed \(AttributeError: no such"
    ):
        read_document("page.html", PAGE.encode())


def test_a_source_that_is_no_url_is_refused():
    with pytest.raises(ReadError, match=r"https://\[a"):
        read_document("https://[a/page.html", PAGE.encode())


@pytest.mark.parametrize(
    "page",
    [
        "<body><p>A fair opened.</p></body>",
        "<p>A fair opened.</p>",
        f"<!--{'licence ' * 800}--><!doctype html><html><body><p>A fair opened.</p></body></html>",
    ],
)
def test_a_page_is_read_though_no_html_tag_begins_it(page):
    assert read_document("page.html", page.encode()).text == "A fair opened."


def test_a_page_below_a_long_comment_is_known_for_one():
    page = f"<!-- {'licence ' * 800}-->{PAGE}"
    document = read_document("https://a.org/fair", page.encode())
    assert (document.metadata["media_type"], document.title) == ("text/html", "Fair opens")


MARKDOWN = [
    '---\ntitle: "Fair: the opening" \ndate: 2020-03-03\nauthor: Ann Lee\n---\n# Other\n\nText.',
    "---\ndate: 2020-03-03\n---\n\n# Fair opens\n\nText.",
    "# Fair opens #\n\nText.",
    "```\n# not this\n```\n\n# Fair opens\n\nText.",
    "Fair opens\n\nText.",
]


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_reads_alike_with_either_line_end(text):
    one, other = read_markdown(text), read_markdown(text.replace("\n", "\r\n"))
    assert one.title == other.title != "---"
    assert one.metadata == other.metadata
    assert [d.isoformat() for d in one.dates] == [d.isoformat() for d in other.dates]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# Notes on C#", "Notes on C#"),
        ("# Notes on C# #", "Notes on C#"),
        ("#  Fair  opens \t##  ", "Fair  opens"),
        ("# Number # 1", "Number # 1"),
        ("# #1", "#1"),
    ],
)
def test_the_number_signs_that_close_a_heading_stand_after_a_space(line, title):
    assert read_markdown(f"{line}\n\nText.").title == title


def test_a_markdown_title_too_long_gives_way_to_the_next_best():
    long = "word " * MAX_TITLE_CHARACTERS
    assert read_markdown(f"---\ntitle: {long}\n---\n# Fair opens\n").title == "Fair opens"
    assert read_markdown(f"---\ntitle: Fair opens\n---\n# {long}\n").title == "Fair opens"
    assert read_document("a/page.md", f"# {long}\n\nText.".encode()).title == "page.md"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("page.md", "# a" + " " * 100_000 + "x"),
        ("page.md", "---\na: b" + " " * 100_000 + "x\n---\nText"),
        ("page.txt", "April 5" + " " * 100_000 + "x"),
        ("page.txt", ("April 5" + " " * 5_000 + "x") * 20),
        ("page.txt", (" " * 5_000 + "5 April 2019") * 20),
        ("page.txt", (" " * 5_000 + "2019年4月5日") * 20),
        ("page.txt", " " * 100_000 + "\n5 April 2019"),
        ("https://a.org/x", "<!---->" * 14_000),
        ("https://a.org/x", "<meta " * 300 + "charset=" + " " * 100_000 + "x"),
    ],
)
def test_no_text_takes_more_than_linear_time(source, text):
    started = time.perf_counter()
    assert read_document(source, text.encode()).text == text
    assert time.perf_counter() - started < 2
