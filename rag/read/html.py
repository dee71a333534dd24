"""Web pages: the main text, without navigation, block by block.

trafilatura decides what the main text is; the blocks are those of the page's markup.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import trafilatura
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from rag.errors import ReadError
from rag.read.base import MAX_TITLE_CHARACTERS, Content, Reader
from rag.read.decode import Decoded, decode
from rag.read.elements import Draft, drafts_of, names_of
from rag.types import Block, Span

_CHARSET = re.compile(
    rb"<meta[^>]+charset\s*+=\s*+[\"']?\s*+([\w:.-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w:.-]+)",
    re.IGNORECASE,
)
# Possessive: a comment that could end at any of many places would take exponential time.
_MARKUP = re.compile(
    r"\s*+(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype\s+html|html|head|body|\?xml)", re.I | re.S
)
# Standards let a page declare its encoding within this many bytes; some are late.
_DECLARATION_BYTES = 4096
# Only what the page states: the wider search takes any date near the text, and turns a
# lone year into its first of January.
_DATE_PARAMETERS = {"extensive_search": False, "original_date": True}
# What is no character of any text, and what may refer to one.
_NO_CHARACTERS = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_REFERENCE = re.compile(
    r"&#(?:x0*([0-9a-f]{1,6})(?![0-9a-f])|0*([0-9]{1,7})(?![0-9]));?", re.IGNORECASE
)
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")
_FRAMESET = re.compile(r"<frameset", re.IGNORECASE)
_FRAMES = re.compile(r"</?(?:frameset|frame|noframes)\b[^<>]*>", re.IGNORECASE)
# What is nested in pages that are deeper than the parser goes.
_NESTED = re.compile(
    r"</?(?:div|span|font|center|section|article|b|i|u|em|strong|blockquote|table|tbody|tr|td|ul"
    r"|ol|li|dl|dd)\b[^<>]*>",
    re.IGNORECASE,
)
# With more of them trafilatura takes very long: then the markup alone tells the main text.
_MOST_ELEMENTS, _MOST_CELLS_OF_A_ROW = 20_000, 100
# Of such a page the metadata is looked for at its beginning.
_HEAD_CHARACTERS = 50_000

_STRUCK = frozenset(("del", "s", "strike"))
_READINGS = frozenset(("rt", "rp", "rtc"))
_CONTROLS = names_of("button datalist dialog input nav optgroup select textarea")
_CONTROL_ROLES = names_of("alertdialog banner dialog menu menubar navigation search toolbar")
_NAMED_BY_BUTTONS = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary", "th")
_CONSENT = re.compile(
    r"cookie|consent|gdpr|onetrust|truste|usercentrics|didomi|(?:^|\s)cmp|cc-(?:window|banner)"
    r"|privacy-(?:banner|bar|notice|popup)",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"cookie|куки|クッキー|쿠키|كوكيز|עוגיות", re.IGNORECASE)
_CONSENT_CHARACTERS, _BOX_CHARACTERS = 5000, 1000
_BUTTON = re.compile(r"(?:^|[\s_-])(?:btn|button|accept)(?=$|[\s_-])", re.IGNORECASE)
_EDIT_LINK = re.compile(r"(?:^|[\s-])editsection(?=$|\s)")
_HIDDEN_STYLE = re.compile(r"display:none|visibility:hidden", re.IGNORECASE)
_NO_SIZE = re.compile(r"font-size:0(?:\.0*)?(?:[a-z]{1,4}|%)?(?:[;!]|$)", re.IGNORECASE)
_STRUCK_STYLE = re.compile(r"text-decoration(?:-line)?:[^;]*line-through", re.IGNORECASE)
# Of class names: parts of a page that are not its text.
_BESIDE = re.compile(
    r"(?:^|[\s_-])(?:ad|ads|advert\w*|breadcrumbs?|footer|login|modal|nav|navbar|navigation"
    r"|newsletter|overlay|pager|pagination|popup|promo|related|share|sharing|sidebar|skip|social"
    r"|subscribe|toolbar)"
    r"(?=$|[\s_-])",
    re.IGNORECASE,
)
# A page of fewer characters is all text, but for what its markup says is not; and so is one
# of which fewer were found.
_SHORT_PAGE, _SHORT_TEXT = 1500, 250
_LINKS, _FEW_LINKS = 0.6, 0.05
_MATCHED = 0.5
_WORD = re.compile(r"[⺀-鿿가-힣]|[^\W⺀-鿿가-힣]+")


def _decode(data: bytes, source: str) -> Decoded:
    """The markup of a page, in the encoding that its own head names where it names one."""
    return decode(data, source, declared=_declared_charset(data))


def _declared_charset(data: bytes) -> str | None:
    match = _CHARSET.search(data[:_DECLARATION_BYTES])
    if match is None:
        return None
    return (match[1] or match[2]).decode("ascii", errors="replace")


def _is_page(data: bytes) -> bool:
    """Whether it begins as a web page does."""
    try:
        return _MARKUP.match(_decode(data, "it").text) is not None
    except ReadError:
        return False


def read_html(markup: str, source: str) -> Content:
    """The page's main text in blocks, title, author, site, address and stated date.

    The text is that of the elements that trafilatura takes for main text, favouring recall,
    and of those like them; of a short page, or one with hardly any links, all that it shows
    beside navigation and dialogs.
    What a reader of the page does not see is left out; metadata "left_out" names it.

    Raises:
        ReadError: the page shows no text, or cannot be parsed.
    """
    try:
        return _read(markup, source)
    except ReadError:
        raise
    except Exception as error:
        # A third-party parser on untrusted input: one odd page must not end the ingest of
        # an archive.
        raise ReadError(
            f"{source} holds markup that cannot be parsed ({type(error).__name__}: {error})",
            remedy="save its text as .txt",
        ) from error


def _read(markup: str, source: str) -> Content:
    tree, usual = _parsed(markup)
    usual = usual and _is_usual(tree)
    fields = _stated(tree if usual else _parsed(markup[:_HEAD_CHARACTERS])[0])
    left_out = _prune(tree)
    drafts = drafts_of(tree)
    if not _is_bare(drafts):
        drafts = _kept(drafts, _main_text(tree) if usual else "")
    if not drafts:
        # All of it is navigation, a dialog or hidden: better than nothing.
        left_out = []
        drafts = drafts_of(_parsed(markup)[0])
    if not drafts:
        raise ReadError(f"{source} holds no text: the page shows nothing but markup or scripts")
    text, blocks = _joined(drafts)
    title = " ".join(fields.get("title", "").split())
    named = {"author": "author", "site": "sitename", "url": "url"}
    metadata = {name: fields[key] for name, key in named.items() if key in fields}
    if left_out:
        metadata["left_out"] = ", ".join(left_out)
    return Content(
        text=text,
        blocks=blocks,
        title=title if len(title) <= MAX_TITLE_CHARACTERS else "",
        page_date=fields.get("date"),
        metadata=metadata,
    )


def _parsed(markup: str) -> tuple[HtmlElement, bool]:
    """The elements of a page, comments aside, and whether they are nested as in any page."""
    # A str with an encoding declaration is refused.
    markup = _REFERENCE.sub(_referred, _NO_CHARACTERS.sub("", markup))
    markup = _XML_DECLARATION.sub("", markup, count=1)
    if _FRAMESET.search(markup):
        # The parser takes what is said instead of frames for bare text.
        markup = _FRAMES.sub(" ", markup)
    for text, deeper in ((markup, False), (markup, True), (_NESTED.sub("<br>", markup), True)):
        parser = HTMLParser(remove_comments=True, remove_pis=True, huge_tree=deeper)
        tree = document_fromstring(f"<html>{text}", parser)
        if not any("depth" in error.message for error in parser.error_log):
            break
    return tree, not deeper


def _referred(match: re.Match[str]) -> str:
    """A numeric reference; a blank for one that names no character."""
    code = int(match[1], 16) if match[1] else int(match[2])
    return " " if code > 0x10FFFF or _NO_CHARACTERS.match(chr(code)) else match[0]


def _is_usual(tree: HtmlElement) -> bool:
    """Whether the page is of a size that trafilatura reads in good time."""
    if any(len(row) > _MOST_CELLS_OF_A_ROW for row in tree.iter("tr")):
        return False
    return sum(1 for _ in tree.iter()) <= _MOST_ELEMENTS


# --- What is left out ----------------------------------------------------------------------


def _prune(tree: HtmlElement) -> list[str]:
    """Take out of a page what it does not show or is no part of its text.

    Returns what to say of it, each kind once.
    """
    named = {
        name
        for element in tree.iter("button", "a", "div")
        for name in element.get("aria-controls", "").split()
    }
    named |= {link.get("href", "")[1:] for link in tree.iter("a") if _leads_within(link)}
    # What a button opens is text of the page, unless it is a menu.
    opened = {
        element.get("id")
        for element in (tree.iter(etree.Element) if named else ())
        if element.get("id") in named and element.tag != "nav" and not _is_menu(element)
    }
    for navigation in tree.iter("nav"):
        for header in navigation.iterancestors("header"):
            header.set("role", "banner")
    unseen: dict[HtmlElement, str] = {}
    for element in tree.iter(etree.Element):
        reason = _reason(element, opened)
        if reason is not None:
            unseen[element] = reason
    texts: dict[HtmlElement, str] = {}
    for button in tree.iter("button", "input", "a"):
        if button.tag == "a" and not _BUTTON.search(
            f"{button.get('role', '')} {button.get('class', '')}"
        ):
            continue
        if (box := _asks_for_consent(button, texts)) is not None:
            unseen.setdefault(box, "")
    said = Counter(
        reason for element, reason in unseen.items() if reason and element.text_content().strip()
    )
    for element in unseen:
        if element.getparent() is not None:
            if _is_spaced(element):
                element.tail = f" {element.tail or ''}"
            element.drop_tree()
    return list(said)


def _leads_within(link: HtmlElement) -> bool:
    return bool(link.get("href", "").startswith("#"))


def _is_spaced(element: HtmlElement) -> bool:
    """Whether it holds the space between the words around it."""
    text = str(element.text_content())
    return text != text.strip()


def _reason(element: HtmlElement, opened: set[str]) -> str | None:
    """Why an element is no part of the text; empty where there is nothing to say of it."""
    tag = element.tag
    if tag in _STRUCK:
        return "struck-out text"
    if tag in _READINGS:
        return "readings of characters"
    if tag in _CONTROLS:
        return "" if tag != "button" or not _names_something(element, opened) else None
    if tag in ("noscript", "noframes"):
        return ""
    if not element.attrib or tag in ("html", "body", "head", "meta", "link", "script"):
        return None
    attributes = element.attrib
    if "style" in attributes:
        style = attributes["style"].replace(" ", "")
        if _STRUCK_STYLE.search(style):
            return "struck-out text"
        # Around others it only takes the space between them.
        if len(element) == 0 and _NO_SIZE.search(style):
            return "hidden text"
        if _HIDDEN_STYLE.search(style) and attributes.get("id") not in opened:
            return "hidden text"
    if "hidden" in attributes and attributes.get("id") not in opened:
        return None if attributes["hidden"] == "until-found" else "hidden text"
    if attributes.get("aria-hidden") == "true" and not _has_blocks(element):
        return "hidden text"
    if attributes.get("role") in _CONTROL_ROLES and tag not in ("header", "main", "article"):
        return ""
    if _is_consent(element) or _EDIT_LINK.search(attributes.get("class", "")):
        return ""
    return None


def _names_something(button: HtmlElement, opened: set[str]) -> bool:
    """Whether a button is the heading of what it opens."""
    if button.get("aria-controls") in opened:
        return True
    return next(button.iterancestors(*_NAMED_BY_BUTTONS), None) is not None


def _is_menu(element: HtmlElement) -> bool:
    """Whether most of its text is links."""
    linked = sum(len(link.text_content()) for link in element.iter("a"))
    return linked > _LINKS * len(element.text_content())


def _has_blocks(element: HtmlElement) -> bool:
    """Whether it holds parts of the page, which a dialog above them makes inert for a while."""
    return next(element.iterdescendants("p", "h1", "h2", "article", "main"), None) is not None


def _is_consent(element: HtmlElement) -> bool:
    """Whether it asks for consent to cookies and the like."""
    if element.tag in ("main", "article") or not _CONSENT.search(
        f"{element.get('class', '')} {element.get('id', '')}"
    ):
        return False
    if next(element.iterancestors("main", "article"), None) is not None:
        return False
    if next(element.iterdescendants("h1", "main", "article"), None) is not None:
        return False
    return len(element.text_content()) <= _CONSENT_CHARACTERS


def _asks_for_consent(button: HtmlElement, texts: dict[HtmlElement, str]) -> HtmlElement | None:
    """The box around a button that speaks of cookies, whatever it is called.

    ``texts`` keeps those of the boxes, which many buttons may stand in.
    """
    for box in islice(button.iterancestors("div", "section", "aside", "form"), 3):
        if box not in texts:
            texts[box] = box.text_content()[: _BOX_CHARACTERS + 1]
        text = texts[box]
        if len(text) > _BOX_CHARACTERS or next(box.iterdescendants("h1"), None) is not None:
            return None
        if _COOKIES.search(text) and next(box.iterancestors("main", "article"), None) is None:
            return box
    return None


# --- What the main text is -----------------------------------------------------------------


def _stated(tree: HtmlElement) -> dict[str, str]:
    """What the page says of itself, by name, nothing empty."""
    try:
        found = trafilatura.extract_metadata(tree, date_config=_DATE_PARAMETERS).as_dict()
    except Exception:  # noqa: BLE001
        # A third-party parser on untrusted input: odd metadata must not cost the text.
        return {}
    wanted = ("title", "author", "sitename", "url", "date")
    return {key: _encodable(str(found[key])) for key in wanted if found.get(key)}


def _main_text(tree: HtmlElement) -> str:
    """The main text as trafilatura finds it, empty where it finds none."""
    # It writes a cell again for each row and column that it spans.
    etree.strip_attributes(tree, "rowspan", "colspan")
    # The source's URL is kept from it: a date in that is found, and named so, elsewhere.
    page = trafilatura.bare_extraction(tree, favor_recall=True, include_comments=False)
    # By its type it may be a dictionary; as called here it is an object or None.
    return "" if page is None or isinstance(page, dict) else page.text or ""


def _is_bare(drafts: Sequence[Draft]) -> bool:
    """Whether a page has hardly any links, nor parts beside its text: all of it is text."""
    if any(_stands_beside(draft) for draft in drafts):
        return False
    linked = sum(draft.linked for draft in drafts)
    return linked <= _FEW_LINKS * sum(len(draft.text) for draft in drafts)


def _kept(drafts: Sequence[Draft], main: str) -> list[Draft]:
    """Those of the main text: found in it, or standing in the page as such do."""
    matched = _matched(drafts, main)
    for draft in matched:
        section = draft.section
        section.matched = True
        while (above := section.parent) is not None and section.name not in above.matched_names:
            above.matched_names.add(section.name)
            section = above
    beside = [draft for draft in drafts if _stands_beside(draft)]
    text = sum(len(draft.text) for draft in drafts) - sum(len(draft.text) for draft in beside)
    found = sum(len(draft.text) for draft in matched - set(beside))
    all_of_it = text < _SHORT_PAGE or found < _SHORT_TEXT
    apart = set(beside)
    if not all_of_it:
        apart -= matched
    linked = _linked(drafts)
    kept: list[Draft] = []
    follows = False
    for draft in reversed(drafts):
        if draft.kind == "heading" and draft not in matched:
            wanted = follows and (draft not in apart or draft.level == 1)
        elif draft in matched or draft.kind == "note":
            wanted = draft not in apart or draft.kind == "note"
        else:
            wanted = draft not in apart and draft.group not in linked
            wanted = wanted and (all_of_it or _like_main_text(draft))
        if draft.kind != "heading":
            follows = wanted
        if wanted:
            kept.append(draft)
    return kept[::-1]


def _matched(drafts: Sequence[Draft], main: str) -> set[Draft]:
    """The drafts that the main text holds, with all of the lists and tables they stand in."""
    lines = {line.strip() for line in main.splitlines()}
    # Of the main text all threes of words in a row, of a draft each third: one that begins
    # elsewhere is still found.
    words = _WORD.findall(main)
    triples = set(zip(words, words[1:], words[2:], strict=False))
    sizes: dict[object, int] = defaultdict(int)
    found: dict[object, float] = defaultdict(float)
    for draft in drafts:
        size = len(draft.text)
        sizes[draft.group] += size
        if draft.text in lines:
            found[draft.group] += size
            continue
        said = _WORD.findall(draft.text) if triples else []
        own = list(zip(said[::3], said[1::3], said[2::3], strict=False))
        if own:
            found[draft.group] += size * sum(each in triples for each in own) / len(own)
    return {draft for draft in drafts if found[draft.group] >= _MATCHED * sizes[draft.group]}


def _linked(drafts: Sequence[Draft]) -> set[object]:
    """The groups of drafts that are mostly links, and that nothing introduces."""
    sizes: dict[object, float] = defaultdict(float)
    for draft in drafts:
        sizes[draft.group] += draft.linked - _LINKS * len(draft.text)
    introduced = {
        draft.group
        for draft in drafts
        if any(above.group is not draft.group for above in draft.context)
    }
    return {group for group, size in sizes.items() if size > 0} - introduced


def _like_main_text(draft: Draft) -> bool:
    section = draft.section
    if section.matched:
        return True
    while (above := section.parent) is not None:
        if section.name in above.matched_names:
            return True
        section = above
    return False


def _stands_beside(draft: Draft) -> bool:
    section = draft.section
    if section.beside:
        return True
    while section.parent is not None:
        if _BESIDE.search(section.name[1]):
            return True
        section = section.parent
    return False


# --- The text ------------------------------------------------------------------------------


def _joined(drafts: Sequence[Draft]) -> tuple[str, tuple[Block, ...]]:
    """The text of the drafts, and them as blocks of it."""
    written: list[str] = []
    spans: dict[Draft, Span] = {}
    blocks: list[Block] = []
    length = 0
    before: Draft | None = None
    for draft in drafts:
        if before is not None:
            gap = "\n" if draft.group is before.group else "\n\n"
            written.append(gap)
            length += len(gap)
        text = _encodable(draft.text)
        written.append(text)
        spans[draft] = Span(length, length + len(text))
        length += len(text)
        before = draft
    for draft, span in spans.items():
        blocks.append(
            Block(
                span=span,
                kind=draft.kind,
                level=draft.level,
                context=tuple(spans[each] for each in draft.context if each in spans),
                cells=_moved(draft.cells, span.start),
                hidden=_moved(draft.hidden, span.start),
                continues=draft.continues,
            )
        )
    return "".join(written), tuple(blocks)


def _moved(ranges: Sequence[tuple[int, int]], by: int) -> tuple[Span, ...]:
    return tuple(Span(by + start, by + end) for start, end in ranges)


def _encodable(text: str) -> str:
    """``text`` without half surrogate pairs: a numeric reference may name one."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _read_page(data: bytes, source: str) -> Content:
    decoded = _decode(data, source)
    content = read_html(decoded.text, source)
    return replace(content, metadata={**decoded.metadata, **content.metadata})


HTML = Reader("text/html", (".html", ".htm"), _read_page, _is_page)
