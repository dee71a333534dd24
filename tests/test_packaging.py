"""What `pip install` brings: a wheel with one top-level package, and an editable install."""

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from build_wheel import rewritten
from tests.conftest import ROOT, SAMPLE_ARCHIVE


def run(*command, cwd, **environment):
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "HOME": str(cwd), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def pip(*arguments, cwd):
    # Quietly and from local files only: nothing here needs the network.
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    done = run(sys.executable, "-m", "pip", *arguments, *options, cwd=cwd)
    assert done.returncode == 0, done.stderr


def make_environment(folder):
    """A virtual environment that sees the test environment's packages, not the checkout."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    (Path(paths["purelib"]) / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the source distribution as `python -m build` does."""
    folder = tmp_path_factory.mktemp("dist")
    program = f"from hatchling.build import build_sdist; build_sdist({str(folder)!r})"
    done = run(sys.executable, "-c", program, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (source,) = folder.glob("footnote-*.tar.gz")
    pip("wheel", "--wheel-dir", folder, source, cwd=folder)
    (built,) = folder.glob("footnote-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory, settings):
    """A function that runs a program of an environment with the wheel, far from the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    python = make_environment(folder / "venv")
    pip("--python", python, "install", wheel, cwd=folder)
    # The converted models of the other tests, so that they are not made again.
    cache = {"FOOTNOTE_MODELS_CACHE_DIR": str(settings.models.cache_dir)}
    return lambda name, *arguments: run(python.parent / name, *arguments, cwd=folder, **cache)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from rag.types import Span", "from footnote.rag.types import Span"),
        ("from rag import types", "from footnote.rag import types"),
        ("import rag.types as t, json", "import footnote.rag.types as t, json"),
        (
            "def f():\n    from eval.cli import app",
            "def f():\n    from footnote.eval.cli import app",
        ),
        ("from openai import OpenAI", "from openai import OpenAI"),
        ("from . import types", "from . import types"),
        ("'run python -m eval.bench.load'", "'run python -m footnote.eval.bench.load'"),
        ("key = 'server.host'; rag = 'from rag.x import y'", None),
    ],
)
def test_only_imports_of_our_packages_move_below_footnote(before, after):
    assert rewritten(before, "example.py") == (after or before)


@pytest.mark.parametrize(
    "source",
    [
        "import rag.types",
        "files('prompts')",
        "resources.files('prompts')",
        "import_module('rag.store')",
        "run([python, '-m', 'server.cli', 'serve'])",
    ],
)
def test_a_name_that_a_wheel_would_not_find_stops_the_build(source):
    with pytest.raises(ValueError, match=r"example\.py:1: "):
        rewritten(source, "example.py")


@pytest.mark.slow
def test_a_wheel_installs_one_top_level_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (archive.read(n).decode() for n in names if n.endswith("points.txt"))
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"footnote"}
    assert "footnote/py.typed" in names
    assert "footnote/server/page/index.html" in names
    assert "footnote = footnote.server." in entry_points
    assert "eval = footnote.eval." in entry_points
    tracked = run("git", "ls-files", "rag", "embeddings", "prompts", "server", "eval", cwd=ROOT)
    if tracked.returncode == 0:
        assert {f"footnote/{path}" for path in tracked.stdout.splitlines()} <= set(names)


@pytest.mark.slow
def test_the_wheel_answers_outside_the_checkout(installed):
    ingested = installed("footnote", "ingest", SAMPLE_ARCHIVE, "--data", "data")
    assert ingested.returncode == 0, ingested.stderr
    question = "When did UNIDO's LI Yong use a stop in Shenzhen to see Huawei?"
    asked = installed("footnote", "ask", question, "--data", "data", "--json")
    assert asked.returncode == 0, asked.stderr
    assert "24 April 2019" in json.loads(asked.stdout)["claims"][0]["text"]
    assert installed("footnote", "eval", "--help").returncode == 0


@pytest.mark.slow
def test_the_wheel_has_the_public_names_and_no_others(installed):
    program = (
        "import sys, footnote; assert 'numpy' not in sys.modules; from footnote import *; "
        "print(Assistant.__module__, Question.__module__, footnote.__file__)"
    )
    done = installed("python", "-c", program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("footnote.rag.assistant footnote.rag.types ")
    assert str(ROOT) not in done.stdout
    for name in ("rag", "embeddings", "prompts", "server", "eval"):
        assert installed("python", "-c", f"import {name}").returncode == 1
    assert installed("python", "-m", "footnote", "--help").returncode == 0


@pytest.mark.slow
def test_an_editable_install_has_the_same_public_names(tmp_path):
    python = make_environment(tmp_path / "venv")
    pip("--python", python, "install", "--editable", ROOT, cwd=tmp_path)
    program = (
        "import footnote, rag.assistant; "
        "assert footnote.Assistant is rag.assistant.Assistant; print(footnote.__file__)"
    )
    done = run(python, "-c", program, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(ROOT))
    assert run(python.parent / "footnote", "--help", cwd=tmp_path).returncode == 0
