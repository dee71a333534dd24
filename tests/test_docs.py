"""The documentation says what the code does: examples run, tables are complete, links resolve."""

import os
import re
import subprocess
import sys
import tomllib
from typing import get_args

import anyio
import pytest
import typer
from fastapi.testclient import TestClient
from mcp import Client

from embeddings.registry import MODELS
from make_docs import PAGE, page
from rag.config import load_settings, setting_keys
from rag.types import AbstentionKind, AbstentionReason, Event
from server.app import create_app
from server.cli.main import app
from server.cli.manual import commands_of
from server.mcp.tools import build_mcp
from server.routes.reference import endpoints
from server.wire.outcome import AnswerOut
from tests.conftest import ROOT

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))
}
README = PAGES["README.md"]
COMMANDS = {
    command.usage.partition(" [")[0]: command
    for command in commands_of(typer.main.get_command(app))
}


def blocks(text, language=""):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_readme_is_short_and_begins_with_an_answer_and_an_abstention():
    lines = README.splitlines()
    assert len(lines) <= 150
    first_screen = "\n".join(lines[:40])
    assert "[1]" in first_screen
    assert "The archive does not say" in first_screen


def test_the_readme_leads_to_every_page():
    linked = re.findall(r"\]\((docs/[^)#]+)", README)
    assert set(linked) == {name for name in PAGES if name.startswith("docs/")}


@pytest.mark.parametrize("name", PAGES)
def test_links_resolve(name):
    prose = re.sub(r"^```.*?^```|`[^`\n]+`", "", PAGES[name], flags=re.DOTALL | re.MULTILINE)
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", prose):
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in slugs, f"{target}#{anchor}"


def test_the_python_example_runs_as_printed(tmp_path, monkeypatch, capsys):
    (example,) = blocks(README, "python")
    (tmp_path / "eval").symlink_to(ROOT / "eval")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "since 1972" in printed
    assert "eval/archive" in printed


def test_the_answers_shown_are_what_the_command_prints(footnote, sample_data):
    shown = re.findall(r'^\$ footnote ask "([^"]+)"\n(.*?)^```', README, re.DOTALL | re.MULTILINE)
    assert len(shown) == 2
    for question, answer in shown:
        _, printed, _ = footnote("ask", question, "--data", sample_data)
        assert " ".join(answer.split()) in " ".join(printed.replace(f"{ROOT}/", "").split())


def test_every_command_shown_exists_with_its_options():
    lines = re.findall(
        r"^(?:\$ )?(footnote .+)$", "\n".join("".join(blocks(t)) for t in PAGES.values()), re.M
    )
    assert len(lines) > 10
    for line in lines:
        known = max((n for n in COMMANDS if f"{line} ".startswith(f"{n} ")), key=len)
        words = re.sub(r'".*?"|#.*|[|>].*', "", line).split()
        assert known != "footnote" or words[1].startswith("-"), line
        taken = " ".join(name for name, _ in COMMANDS[known].parameters)
        for option in (word for word in words if word.startswith("--")):
            assert option in [*taken.split(), "--help"], line


def test_the_reference_of_commands_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(PAGES["docs/cli.md"]), "run 'make docs'"


@pytest.mark.parametrize("name", PAGES)
def test_make_targets_shown_exist(name):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:^|`)make (\w+)", PAGES[name], re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_the_settings_shown_are_all_there_are_with_their_defaults():
    (example,) = blocks(PAGES["docs/configuration.md"], "toml")
    shown = tomllib.loads(example)
    flat = {
        f"{section}.{key}": tuple(value) if isinstance(value, list) else value
        for section, table in shown.items()
        if isinstance(table, dict)
        for key, value in table.items()
    }
    defaults = {key: value for key, value, _ in load_settings(environment={}).items()}
    assert {key: defaults[key] for key in flat} == flat
    for key in setting_keys():
        assert re.search(rf"\b{key.rpartition('.')[2]}\b", example), key


def test_the_lines_that_connect_a_language_model_are_settings(tmp_path):
    (lines,) = (b for b in blocks(PAGES["docs/language-model.md"]) if "language_model." in b)
    named = tmp_path / "footnote.toml"
    named.write_text(lines, encoding="utf-8")
    found = load_settings(named, environment={}).language_model
    assert found.base_url
    assert found.model


def test_the_table_of_endpoints_names_them_all_and_no_others(quick):
    schema = create_app(quick()).openapi()
    offered = {f"{found['method']} {found['path']}" for found in endpoints(schema)}
    shown = set(re.findall(r"`((?:GET|POST|DELETE) /[^`]*)`", PAGES["docs/server.md"]))
    assert shown == offered


def test_the_table_of_stream_events_names_them_all_and_no_others(quick):
    table = PAGES["docs/server.md"].partition("| Event |")[2].partition("\n\n")[0]
    asked = create_app(quick()).openapi()["paths"]["/ask"]["post"]
    streamed = asked["responses"]["200"]["content"]["text/event-stream"]["schema"]
    known = streamed["properties"]["event"]["enum"]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == known


def test_the_table_of_metrics_names_them_all_and_no_others(quick):
    with TestClient(create_app(quick()), base_url="http://127.0.0.1") as client:
        families = client.get("/metrics").text
    offered = set(re.findall(r"^# TYPE (footnote_\w+)", families, re.MULTILINE))
    table = PAGES["docs/operations.md"].partition("| Metric |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(footnote_\w+)`", table)) == offered


def test_the_outcome_shown_has_the_version_in_force():
    version = AnswerOut.model_fields["version"].default
    assert f'{{"version":{version},"question":' in PAGES["docs/server.md"]


def test_the_table_of_tools_names_them_all_with_their_arguments(quick):
    async def listed():
        async with Client(build_mcp(quick(), run=None)) as client:
            return (await client.list_tools()).tools

    offered = {
        f"{tool.name}({', '.join(_arguments(tool.input_schema))})" for tool in anyio.run(listed)
    }
    assert set(re.findall(r"^\| `([^`]+)`", PAGES["docs/mcp.md"], re.MULTILINE)) == offered


def _arguments(schema):
    required = schema.get("required", ())
    return (name if name in required else f"{name}?" for name in schema["properties"])


def test_every_reason_to_abstain_is_explained():
    shown = set(re.findall(r"^\| `(\w+)`", PAGES["docs/abstention.md"], re.MULTILINE))
    known = {*get_args(AbstentionReason), *get_args(AbstentionKind)}
    assert shown - {"reason", "kind"} == known


def test_the_architecture_names_every_folder_of_the_core_and_of_the_server():
    for package in ("rag", "server"):
        for folder in (ROOT / package).iterdir():
            if (folder / "__init__.py").exists():
                shown = f"`{package}/{folder.name}/`" if package == "rag" else f"`{folder.name}/`"
                assert shown in PAGES["docs/architecture.md"], folder


def test_the_architecture_names_every_event():
    for event in get_args(Event):
        assert f"`{event.__name__}`" in PAGES["docs/architecture.md"]


def test_the_third_parties_named_are_those_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = dict(
        re.match(r"([\w-]+)==([\w.]+)|", requirement).groups()
        for requirement in project["dependencies"] + project["optional-dependencies"]["models"]
    )
    named = dict(re.findall(r"`([\w-]+)` (\d[\w.]*\d)", PAGES["THIRD_PARTY.md"]))
    assert named == {name: pinned[name] for name in named}
    carriers = {
        carrier.package: carrier.version
        for model in MODELS.values()
        for carrier in (model.carrier, model.carrier.tokenizer)
        if carrier
    }
    assert carriers.items() <= named.items()


def run_beside(page, tmp_path, program):
    """Run a program in an environment where the package that a page shows is installed."""
    (module,) = blocks(PAGES[page], "python")
    (declared,) = blocks(PAGES[page], "toml")
    ((group, ((name, reference),)),) = (
        (group, tuple(entries.items()))
        for group, entries in tomllib.loads(declared)["project"]["entry-points"].items()
    )
    (tmp_path / f"{reference.partition(':')[0]}.py").write_text(module, encoding="utf-8")
    metadata = tmp_path / "example-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: example\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {reference}\n")
    path = os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "deploy" / "wheel")))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_reader_shown_reads_its_files(tmp_path):
    program = (
        "from rag.read.reader import read_document, supported_suffixes\n"
        "assert {'.org', '.txt', '.html'} <= supported_suffixes()\n"
        "note = read_document('note.org', b'#+TITLE: The ferry\\nIt sank on 4 May 1931.')\n"
        "print(note.title, note.metadata['media_type'], note.text[9:18], sep='\\n')\n"
    )
    shown = run_beside("docs/adding-a-reader.md", tmp_path, program)
    assert shown == ["The ferry", "text/org", "The ferry"]


def test_the_encoder_shown_is_chosen_by_its_name(tmp_path):
    program = (
        "from footnote import Assistant, load_settings\n"
        "settings = load_settings(environment={}, flags={'models.encoder': 'letters'})\n"
        "with Assistant.open('data', settings=settings) as assistant:\n"
        "    print(assistant.encoder.identity.name)\n"
        "    print(assistant.encoder.encode_queries(['a', 'bb']).shape)\n"
    )
    assert run_beside("docs/adding-an-encoder.md", tmp_path, program) == ["letters", "(2, 26)"]
