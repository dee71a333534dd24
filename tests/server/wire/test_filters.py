from datetime import date

import pytest

from rag.errors import FilterError
from server.wire.filters import last_day, make_filters


def test_a_month_runs_from_its_first_day_to_its_last():
    filters = make_filters(["*.md"], "2019-02", "2019-02", "en")
    assert (filters.since, filters.until) == (date(2019, 2, 1), date(2019, 2, 28))
    assert last_day("2020-02") == date(2020, 2, 29)
    assert last_day(None) is None


@pytest.mark.parametrize("text", ["soon", "2019-02-30", "24.04.2019"])
def test_a_bad_date_is_named_with_what_to_write_instead(text):
    with pytest.raises(FilterError) as raised:
        make_filters((), text, None, None)
    assert raised.value.detail == f"'{text}' is not a valid date for since"
    assert raised.value.remedy == "write YYYY, YYYY-MM or YYYY-MM-DD"


def test_a_range_that_ends_before_it_begins_is_refused():
    with pytest.raises(FilterError, match="since 2020 is after until 2019"):
        make_filters((), "2020", "2019", None)
