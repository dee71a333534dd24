from rag.text.tables import language_codes, language_table


def test_every_language_has_a_table_that_is_read_whole():
    codes = language_codes()
    assert {"de", "en", "es", "fr", "it", "nl", "pt", "ru", "zh"} <= set(codes)
    for code in codes:
        table = language_table(code)
        assert table.code == code
        assert table.stop_words


def test_every_month_and_weekday_is_named():
    for code in language_codes():
        dates = language_table(code).dates
        if dates.months:
            assert sorted(set(dates.months.values())) == list(range(1, 13))
            assert len(dates.weekdays) >= 7


def test_a_language_without_a_table_has_that_of_english():
    assert language_table("und") is language_table("en")


def test_spellings_lead_both_ways_and_have_plurals():
    spellings = language_table("en").spellings
    assert (spellings["centres"], spellings["centers"]) == ("centers", "centres")
