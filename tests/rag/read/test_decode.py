import time

import pytest

from rag.errors import ReadError
from rag.read.decode import decode
from rag.read.reader import read_document

ENGLISH = "The ferry leaves at nine; the caf\xe9 on the pier sells tickets for \xa34 until noon.\n"
# A notice in each language, and the encodings that it used to be written in.
NOTICES = {
    "pl": (
        "Muzeum zegarów jest zamknięte we wtorki. Bilet kosztuje dwanaście złotych.\n",
        ("windows-1250", "iso-8859-2", "ibm852"),
    ),
    "cs": (
        "Knihovna je otevřena každý den kromě neděle. Vstupné činí čtyřicet korun.\n",
        ("windows-1250", "iso-8859-2", "ibm852"),
    ),
    "ru": (
        "Библиотека открыта с девяти до шести. Читательский билет выдают бесплатно.\n",
        ("windows-1251", "koi8-r", "iso-8859-5", "ibm866", "x-mac-cyrillic"),
    ),
    "el": (
        "Το μουσείο είναι κλειστό την Τρίτη. Το εισιτήριο κοστίζει πέντε ευρώ.\n",
        ("windows-1253", "iso-8859-7", "ibm737"),
    ),
    "tr": (
        "Müze salı günleri kapalıdır. Giriş ücreti öğrenciler için beş liradır.\n",
        ("windows-1254", "iso-8859-9", "ibm857"),
    ),
    "he": (
        "המוזיאון סגור בימי שלישי. מחיר הכרטיס עשרים שקלים לאדם.\n",
        ("windows-1255", "iso-8859-8", "ibm862"),
    ),
    "ar": (
        "المتحف مغلق يوم الثلاثاء. ثمن التذكرة عشرون درهما للشخص الواحد.\n",
        ("windows-1256", "iso-8859-6"),
    ),
    "th": ("พิพิธภัณฑ์ปิดทุกวันอังคาร ค่าเข้าชมคนละห้าสิบบาท\n", ("windows-874",)),
    "zh": ("博物馆星期二闭馆。门票价格是一百二十元，学生半价。\n", ("gb18030",)),
    "tw": ("博物館星期二休館。門票價格是一百二十元，學生半價。\n", ("big5",)),
    "ja": (
        "博物館は火曜日が休みです。入場料は三百円で、学生は半額になります。\n",
        ("shift_jis", "euc-jp", "iso-2022-jp"),
    ),
    "ko": ("박물관은 화요일에 쉽니다. 입장료는 삼천 원이고 학생은 절반입니다.\n", ("euc-kr",)),
    "fr": (
        "Le café est fermé à Noël, où l'élève préfère rester près de la fenêtre.\n",
        ("windows-1252", "macintosh", "ibm850", "ibm437"),
    ),
    "de": (
        "Das Gebäude öffnet um zehn; für Schüler und ältere Gäste ist es günstiger.\n",
        ("windows-1252", "macintosh", "ibm850", "ibm437"),
    ),
}
CODECS = {
    "x-mac-cyrillic": "mac-cyrillic",
    "macintosh": "mac-roman",
    "windows-874": "cp874",
    "ibm737": "cp737",
}
PAIRS = [(text, name) for text, names in NOTICES.values() for name in names]


def encoded(text: str, name: str) -> bytes:
    return text.encode(CODECS.get(name, name))


@pytest.mark.parametrize(("text", "name"), PAIRS, ids=[f"{n}-{t[:12]}" for t, n in PAIRS])
def test_a_legacy_encoding_is_read_right_and_said_to_be_guessed(text, name):
    for length in (1, 4):
        decoded = decode(encoded(text * length, name), "notice.txt")
        assert decoded.text == text * length
        assert "guessed" in decoded.encoding
        assert decoded.note.startswith("encoding guessed")


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", sorted(NOTICES))
def test_utf16_without_a_mark_is_read(codec, language):
    text = NOTICES[language][0]
    decoded = decode(text.encode(codec), "notice.txt")
    assert (decoded.text, decoded.encoding) == (text, f"{codec} (guessed)")


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (ENGLISH, "cp1252"),
        ("He said “so” – twice – and left.\n", "cp1252"),
        ("Keep it at 2-6 °C. Above 8 °C: ask. Below 0 °C: refuse.\n", "cp1252"),
        ("NAÇÕES UNIDAS: PLANO DE AÇÃO", "latin-1"),
        ("UNIDO工业发展组织与IBM合作，A和B两个城市", "gb18030"),
        ("BMW fährt die Prämie für ältere Käufer zurück.\n", "cp1252"),
        ("Café fermé.\n", "cp1252"),
        ("The fee is £4 – “or so” – says the café’s owner.\n", "mac-roman"),
        ("Zażółć gęślą jaźń.\n", "cp852"),
        ("料金：三百円\n", "euc-jp"),
        ("价格：二十元\n", "gb18030"),
    ],
)
def test_a_few_characters_beyond_ascii_are_enough(text, codec):
    decoded = decode(text.encode(codec), "note.txt")
    assert decoded.text == text
    assert decoded.note


def test_utf16_of_a_short_list_is_read_though_both_its_bytes_vary():
    text = "價格：二十元\n" * 5
    for codec in ("utf-16-be", "utf-16-le"):
        assert decode(text.encode(codec), "list.txt").text == text


def test_what_one_byte_cannot_tell_is_named_unsure():
    decoded = decode("The entrance fee is £4.\n".encode("cp1252"), "note.txt")
    assert decoded.text == "The entrance fee is £4.\n"
    assert decoded.note == "encoding guessed, unsure: windows-1252"


def test_utf8_and_marks_need_no_note():
    for data in (ENGLISH.encode(), ENGLISH.encode("utf-8-sig"), ENGLISH.encode("utf-16")):
        assert decode(data, "note.txt").note == ""


def test_the_beginning_of_a_long_text_does_not_decide():
    text = "The ferry leaves at nine.\n" * 20_000 + NOTICES["ru"][0] * 3
    assert decode(text.encode("koi8-r"), "note.txt").text == text


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("x-sjis", "cp932", NOTICES["ja"][0]),
        ("windows-31j", "cp932", "①㈱" + NOTICES["ja"][0]),
        ("Shift_JIS", "cp932", "①㈱" + NOTICES["ja"][0]),
        ("x-euc-jp", "euc_jp", NOTICES["ja"][0]),
        ("csISO2022JP", "iso2022_jp", NOTICES["ja"][0]),
        ("ks_c_5601-1987", "cp949", NOTICES["ko"][0] + "똠방각하"),
        ("x-gbk", "gbk", NOTICES["zh"][0]),
        ("chinese", "gbk", NOTICES["zh"][0]),
        ("big5-hkscs", "big5hkscs", NOTICES["tw"][0]),
        ("x-cp1251", "cp1251", NOTICES["ru"][0]),
        ("koi", "koi8-r", NOTICES["ru"][0]),
        ("dos-874", "cp874", NOTICES["th"][0]),
        ("l1", "cp1252", "“" + NOTICES["fr"][0]),
        ("logical", "iso8859-8", NOTICES["he"][0]),
        ("x-mac-roman", "mac-roman", NOTICES["fr"][0]),
        ("unicode", "utf-8", NOTICES["ru"][0]),
    ],
)
def test_a_declared_encoding_is_known_by_the_labels_of_the_web(label, codec, text):
    decoded = decode(text.encode(codec), "page.html", declared=label)
    assert decoded.text == text
    assert decoded.note == ""


def test_a_page_saved_anew_in_utf8_may_keep_its_old_declaration():
    for label in ("iso-8859-1", "gb2312", "shift_jis"):
        assert decode(NOTICES["zh"][0].encode(), "page.html", declared=label).encoding == "utf-8"


@pytest.mark.parametrize("label", ["no-such-label", "hz-gb-2312", "unicode_escape", "utf-7", ""])
def test_a_label_that_no_browser_knows_says_nothing(label):
    assert decode(rb"+AGE- \u0041 ~{VP~}", "page.html", declared=label).encoding == "utf-8"


def test_each_line_of_two_encodings_is_read_in_its_own():
    text = "Première : la clé de la cabane 18.\n" + NOTICES["fr"][0] + "Détruit en 1912.\n"
    lines = text.splitlines(keepends=True)
    data = lines[0].encode() + lines[1].encode("cp1252") + lines[2].encode()
    decoded = decode(data, "mixed.txt")
    assert decoded.text == text
    assert decoded.note == ("two encodings, line by line: utf-8 and windows-1252 (guessed)")
    chinese = NOTICES["zh"][0]
    decoded = decode(chinese.encode("gb18030") * 4 + chinese.encode() * 2, "mixed.txt")
    assert decoded.text == chinese * 6
    assert "two encodings" in decoded.note


def test_a_line_that_is_utf8_by_accident_is_no_second_encoding():
    text = NOTICES["zh"][0] * 3 + "猫\n" + NOTICES["zh"][0]
    assert "猫".encode("gb18030").decode("utf-8")
    decoded = decode(text.encode("gb18030"), "notes.txt")
    assert (decoded.text, decoded.encoding) == (text, "gb18030 (guessed)")


@pytest.mark.parametrize(
    ("text", "name"),
    [(text, name) for text, name in PAIRS if name in ("gb18030", "big5", "shift_jis", "euc-kr")]
    + [(NOTICES["zh"][0], "utf-8"), (NOTICES["el"][0], "windows-1253")],
)
def test_a_lone_bad_byte_is_one_mark_of_loss(text, name):
    data = encoded(text * 2, name) + b"\xff\n" + encoded(text, name)
    decoded = decode(data, "notice.txt")
    if name == "shift_jis":  # Windows gives every byte a meaning
        assert decoded.text.startswith(text)
        assert decoded.text.endswith(text)
    else:
        assert decoded.text == text * 2 + "\ufffd\n" + text
        assert "1 character unreadable" in decoded.note
        assert "1 unreadable" in decoded.encoding


def test_a_text_cut_in_the_middle_of_a_character_loses_only_that():
    text = NOTICES["ja"][0] * 2
    for name in ("utf-8", "euc-jp", "shift_jis"):
        decoded = decode(encoded(text + "館", name)[:-1], "notice.txt")
        assert decoded.text[: len(text)] == text
        assert len(decoded.text) == len(text) + 1


def test_a_document_records_how_it_was_decoded():
    text, names = NOTICES["ru"]
    document = read_document("notice.txt", encoded(text, names[1]))
    assert document.language == "ru"
    assert document.metadata["encoding"] == "koi8-r (guessed)"
    assert document.metadata["encoding_note"] == "encoding guessed: koi8-r"
    assert "encoding_note" not in read_document("notice.txt", text.encode()).metadata


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\xff\xfe\x00PK\x03\x04" * 50,
        bytes(range(256)) * 4,
        b"\x01\x00\x02\x00" * 100,
        b"\x00\x01\x02\x03" * 500,
        b"note\0\0\0\0" * 20,
    ],
)
def test_what_is_no_text_is_refused(data):
    with pytest.raises(ReadError):
        decode(data, "notice.txt")


@pytest.mark.parametrize(
    "byte", [b"\x80", b"\xe9", b"\xff", b"\x81\n", b"\x1b$B0 ", b"\xe9 \xc3\xa9\n"]
)
def test_odd_bytes_take_time_in_proportion(byte):
    began = time.process_time()
    decode(byte * 200_000, "odd.txt")
    assert time.process_time() - began < 10
