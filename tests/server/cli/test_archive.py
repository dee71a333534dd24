import json
import re

import pytest

from tests.conftest import SAMPLE_ARCHIVE


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    for name in ("2019-04-24-huawei-visit-shenzhen.txt", "2024-06-13-unido-day-opening.md"):
        (folder / name).write_bytes((SAMPLE_ARCHIVE / name).read_bytes())
    return folder


def test_the_life_of_an_archive(footnote, archive, tmp_path):
    data = ("--data", tmp_path / "data")
    code, out, _ = footnote("ingest", archive, *data)
    assert code == 0
    assert "2 added" in out
    assert "2 unchanged" in footnote("ingest", archive, *data)[1]

    listed = json.loads(footnote("list", "--json", *data)[1])
    assert listed[0]["published"] == "2019-04-24"
    only_2024 = json.loads(footnote("list", "--since", "2024", "--json", *data)[1])
    assert [s["published"][:4] for s in only_2024] == ["2024"]

    status = json.loads(footnote("status", "--json", *data)[1])
    assert status["documents"] == 2
    assert status["index_vectors"] == status["passages"] > 0
    assert "No problems found" in footnote("doctor", *data)[1]

    assert "guests" in footnote("search", "guests at UNIDO Day", "--top-k", 1, *data)[1]
    found = json.loads(footnote("search", "guests at UNIDO Day", "--json", *data)[1])
    assert "guests" in found["hits"][0]["quote"]
    assert found["hits"][0]["fused"]["rank"] == 1
    code, out, _ = footnote("remove", listed[0]["id"][:8], *data)
    assert (code, "removed" in out) == (0, True)
    code, out, _ = footnote("ask", "When did LI Yong visit Huawei?", *data)
    assert "The archive does not say" in out
    assert "No problems found" in footnote("doctor", *data)[1]


def test_a_bad_file_is_reported_by_name_with_exit_code_1_and_the_rest_is_in(
    footnote, archive, tmp_path
):
    (archive / "broken.txt").write_bytes(b"\x00\x01\x02\x03" * 500)
    code, out, _ = footnote("ingest", archive, "--data", tmp_path / "data")
    assert code == 1
    assert "2 added" in out
    assert re.search(r"failed: archive/broken\.txt: ", out)
