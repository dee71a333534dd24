import tomllib

import pytest
from pydantic import ValidationError

from rag.text.tables import LanguageTable, language_table
from tests.conftest import ROOT

TABLES = ROOT / "rag" / "text" / "tables"
CODES = [path.stem for path in TABLES.glob("*.toml")]


def test_every_language_has_a_table_that_is_read_whole():
    assert {"de", "en", "es", "fr", "it", "nl", "pt", "ru", "zh"} <= set(CODES)
    for code in CODES:
        table = language_table(code)
        assert table.code == code
        assert table.stop_words or table.particles


def test_every_month_and_weekday_is_named():
    for code in CODES:
        dates = language_table(code).dates
        if dates.months:
            assert sorted(set(dates.months.values())) == list(range(1, 13))
            assert len(dates.weekdays) >= 7


def test_a_language_without_a_table_has_that_of_english():
    assert language_table("und") is language_table("en")


def test_spellings_lead_both_ways_and_have_plurals():
    spellings = language_table("en").spellings
    assert (spellings["centres"], spellings["centers"]) == ("centers", "centres")


def test_every_entry_of_a_table_is_documented():
    page = (ROOT / "docs" / "adding-a-language.md").read_text(encoding="utf-8")
    for code in CODES:
        path = TABLES / f"{code}.toml"
        for name, value in tomllib.loads(path.read_text(encoding="utf-8")).items():
            entries = [f"{name}.{key}" for key in value] if isinstance(value, dict) else [name]
            assert [entry for entry in entries if f"`{entry}`" not in page] == []


def test_an_entry_that_nothing_reads_is_refused():
    with pytest.raises(ValidationError, match="stopwords"):
        LanguageTable(code="xx", stopwords="a b")
