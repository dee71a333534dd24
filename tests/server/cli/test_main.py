import io
import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from itertools import chain

import jsonschema
import pytest

from server.cli.render import shortened
from server.wire.outcome import outcome_schema
from tests.conftest import ROOT, SAMPLE_ARCHIVE


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    for name in ("2019-04-24-huawei-visit-shenzhen.txt", "2024-06-13-unido-day-opening.md"):
        (folder / name).write_bytes((SAMPLE_ARCHIVE / name).read_bytes())
    return folder


def test_an_answer_is_printed_with_numbered_footnotes(footnote, sample_data):
    code, out, _ = footnote("ask", "When did LI Yong visit Huawei?", "--data", sample_data)
    assert code == 0
    assert re.search(r"24 April 2019.*\[1\]", out, re.DOTALL)
    assert re.search(r"\[1\] .*\(2019-04-24\)", out)
    assert re.search(r"“.*”", out, re.DOTALL)
    assert re.search(r"characters \d+-\d+, document [0-9a-f]{16}", out)


@pytest.mark.parametrize(
    ("question", "listed"),
    [
        ("Who is the mayor of Beijing?", "It does mention:"),
        ("At what temperature does ethanol boil?", "Nearest passages:"),
    ],
)
def test_an_abstention_is_printed_with_what_is_said_of_the_subject(
    footnote, sample_data, question, listed
):
    code, out, _ = footnote("ask", question, "--data", sample_data)
    assert code == 0
    assert "The archive does not say" in out
    assert listed in out


def test_json_follows_the_documented_schema_and_quotes_what_show_shows(footnote, sample_data):
    schema = outcome_schema()
    for question in ("When did LI Yong visit Huawei?", "Who is the mayor of Beijing?"):
        _, out, _ = footnote("ask", question, "--json", "--explain", "--data", sample_data)
        answer = json.loads(out)
        jsonschema.validate(answer, schema)
        assert answer["receipt"]["ranking"]
        lists = (answer.get(key, []) for key in ("citations", "mentions", "nearest"))
        for citation in chain.from_iterable(lists):
            span = f"{citation['start']}:{citation['end']}"
            code, shown, _ = footnote(
                "show", citation["document_id"], "--span", span, "--json", "--data", sample_data
            )
            assert code == 0
            assert json.loads(shown)["quote"] == citation["quote"]


def test_the_schema_document_is_up_to_date():
    written = json.loads(
        (ROOT / "server" / "wire" / "outcome.schema.json").read_text(encoding="utf-8")
    )
    assert written == outcome_schema()


def test_explain_shows_every_stage_and_what_the_gate_dropped(footnote, sample_data):
    _, out, _ = footnote("ask", "Who is the mayor of Beijing?", "--explain", "--data", sample_data)
    for column in ("dense", "lexical", "fused", "reranked", "support", "verdict"):
        assert column in out
    assert "is below" in out


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
    assert found["hits"][0]["reranked"]["rank"] == 1
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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "nothing-like-it"), "footnote list"),
        (("ask", "When?", "--since", "yesterday"), "YYYY-MM-DD"),
        (("ask", "When?", "--since", "2025", "--until", "2020"), "after"),
        (("ask", "  "), "empty"),
        (("show", "huawei", "--span", "9:3"), "no document"),
        (("config", "--config", "nowhere.toml"), "nowhere.toml"),
        (("remove", "nothing-like-it"), "no document"),
    ],
)
def test_bad_input_is_one_line_that_names_the_remedy(footnote, tmp_path, arguments, says):
    code, out, err = footnote(*arguments, "--data", tmp_path / "data")
    assert code == 1
    assert says in err
    assert "Traceback" not in out + err


def test_config_prints_each_setting_and_where_it_came_from(footnote, monkeypatch, tmp_path):
    (tmp_path / "footnote.toml").write_text("[split]\nmax_tokens = 99\n", encoding="utf-8")
    monkeypatch.setenv("FOOTNOTE_ANSWER_MAX_CLAIMS", "4")
    shown = json.loads(footnote("config", "--json", "--data", "here")[1])
    assert shown["split.max_tokens"] == {"value": 99, "origin": "footnote.toml"}
    assert shown["answer.max_claims"] == {"value": 4, "origin": "FOOTNOTE_ANSWER_MAX_CLAIMS"}
    assert shown["data"] == {"value": "here", "origin": "flag"}
    assert shown["models.encoder"] == {"value": "minilm", "origin": "default"}


def test_text_of_a_document_is_never_read_as_terminal_markup(footnote, tmp_path):
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "a.txt").write_text(
        "[bold red]Alert[/bold red]\n\nThe [link=x]ship[/link] sank :skull: in 1912 off Cape Race."
        "\x1b[2J\x9b31m",
        "utf-8",
    )
    data = ("--data", tmp_path / "data")
    footnote("ingest", folder, *data)
    out = footnote("show", "a.txt", *data)[1]
    assert "[bold red]Alert[/bold red]" in out
    assert "[link=x]ship[/link] sank :skull:" in out
    assert not {"\x1b", "\x9b"} & set(out)


def test_a_chat_understands_a_question_with_those_before(footnote, sample_data, monkeypatch):
    typed = ["When did LI Yong visit Huawei?", "", "Who " * 300, "Who was his host there?"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*typed, "/quit", "never asked"])))
    code, out, err = footnote("chat", "--json", "--data", sample_data)
    assert code == 0
    first, second = map(json.loads, out.splitlines())
    assert first["standalone_question"] is None
    assert "Huawei" in second["standalone_question"]
    assert "1000" in err, "what cannot be asked is said, and the chat goes on"
    for outcome in (first, second):
        jsonschema.validate(outcome, outcome_schema())


def test_a_chat_ends_with_its_input_and_shows_footnotes(footnote, sample_data, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("When did LI Yong visit Huawei?"))
    code, out, _ = footnote("chat", "--data", sample_data)
    assert code == 0
    assert re.search(r"24 April 2019.*\[1\]", out, re.DOTALL)


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "server.cli.main", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def test_the_version_is_that_of_the_package():
    assert run("--version") == f"footnote {version('footnote')}\n"


def test_a_shell_completes_commands_and_options():
    asked = {"_FOOTNOTE_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    assert run(COMP_WORDS="footnote do", **asked).split() == ["doctor"]
    asked["COMP_CWORD"] = "2"
    assert "--as-of" in run(COMP_WORDS="footnote ask --a", **asked).split()


def test_completion_is_installed_for_a_shell(tmp_path):
    # The parent of this process is no shell to detect.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    run("--install-completion", "bash", **named)
    assert "source" in (tmp_path / ".bashrc").read_text(encoding="utf-8")


def test_the_console_script_answers_help_at_once():
    result = subprocess.run(
        [sys.executable, "-m", "server.cli.main", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "ingest" in result.stdout


def test_a_document_is_printed_into_a_pipe_as_it_is_not_wrapped(footnote, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    line = "The ship " + "sailed and " * 30 + "sank."
    (tmp_path / "long.txt").write_text(line, encoding="utf-8")
    data = ("--data", tmp_path / "data")
    footnote("ingest", tmp_path / "long.txt", *data)
    assert line in footnote("show", "long.txt", *data)[1]


def test_a_long_quote_keeps_both_its_ends_with_or_without_spaces():
    for text in ("word " * 100, "第" * 300):
        short = shortened(text)
        assert len(short) <= 250
        head, tail = short.split(" … ")
        assert len(head) > 130
        assert len(tail) > 50
        assert text.startswith(head)
        assert text.strip().endswith(tail)
