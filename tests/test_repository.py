"""What a fresh clone must hold: locks by hash that name no host, paths that exist, nothing of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import relapse_risk

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements/run.txt", "requirements/dev.txt", "requirements/mutants.txt", "requirements/docs.txt")
SOURCE = Path(relapse_risk.__file__).parent
TEXT = {".py", ".md", ".yaml", ".toml", ".txt", ".sh", ".ipynb", ".j2", ".css", ".csv", ".in", ""}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_link_is_tracked() -> None:
    """A link to somebody's environment, once tracked, replaces the environment of whoever checks it out."""
    listed = subprocess.run(["git", "ls-files", "-s"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert [line for line in listed.stdout.splitlines() if line.startswith("120000")] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_by_hash_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(index|extra|find|trusted)", text, re.MULTILINE)
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", text.strip())
    for block in blocks:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", block), block[:60]
        assert "--hash=sha256:" in block, block[:60]


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for lock, wanted in (
        ("requirements/run.txt", project["project"]["dependencies"]),
        ("requirements/dev.txt", project["project"]["dependencies"] + project["dependency-groups"]["dev"]),
        ("requirements/mutants.txt", project["dependency-groups"]["mutation"]),
        ("requirements/docs.txt", project["dependency-groups"]["docs"]),
    ):
        locked = {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)", (ROOT / lock).read_text(), re.MULTILINE)}
        names = {re.match(r"[A-Za-z0-9._-]+", item)[0].lower() for item in wanted}  # type: ignore[index]
        assert names <= locked, names - locked


def test_the_readme_names_the_two_commands_and_ci_calls_the_second() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make reports" in readme
    assert "make test" in readme
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("make test")


def test_paths_that_documents_name_exist() -> None:
    missing = []
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))):
        for path in re.findall(
            r"`((?:src|tests|params|notebooks|docs|benchmarks|tools)/[\w./-]+)`", document.read_text(encoding="utf-8")
        ):
            if not (ROOT / path).exists() and "…" not in path:
                missing.append(f"{document.name}: {path}")
    assert missing == []


def test_nothing_names_this_machine() -> None:
    wrong = []
    pattern = re.compile(r"/(?:work|root)/\w+|/tmp/w\b")
    for path in tracked():
        if path.suffix in TEXT and path.stat().st_size < 2_000_000:
            found = pattern.search(path.read_text(encoding="utf-8", errors="ignore"))
            if found and path.name != Path(__file__).name:
                wrong.append(f"{path.relative_to(ROOT)}: {found.group(0)}")
    assert wrong == []


def test_large_files_stay_out() -> None:
    """Nothing above 4 MiB is tracked; above 1 MiB only the two font files."""
    large = {
        path.relative_to(ROOT).as_posix(): path.stat().st_size for path in tracked() if path.stat().st_size > 2**20
    }
    assert max(large.values(), default=0) < 4 * 2**20
    assert all(name.startswith("src/relapse_risk/editions/fonts_noto/") for name in large), large


def public_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """Functions at module level listed in ``__all__``."""
    names: set[str] = set()
    for node in tree.body:
        # The list of the package itself is made of its stub.
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.List | ast.Tuple):
            continue
        if any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            names |= set(ast.literal_eval(node.value))
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in names]


def test_every_public_function_is_documented_and_typed() -> None:
    bare = []
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name == "demo":  # rooms of one program; its public name is build_demo
            continue
        for function in public_functions(ast.parse(path.read_text(encoding="utf-8"))):
            if not ast.get_docstring(function) or function.returns is None:
                bare.append(f"{path.relative_to(SOURCE)}: {function.name}")
    assert bare == []


def test_no_eval_no_pickle_no_print_in_the_library() -> None:
    wrong = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"eval", "exec", "print"}
            )
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if called or {"pickle", "marshal", "shelve"} & set(names):
                wrong.append(f"{path.relative_to(SOURCE)}:{node.lineno}")  # type: ignore[attr-defined]
    assert wrong == []


WRITES = {"replace", "rename", "renames", "fsync", "chmod", "fchmod", "link", "mkstemp", "NamedTemporaryFile", "copyfile"}  # fmt: skip
MODULES = {"os", "tempfile", "shutil"}
OF_A_PATH = {"write_text", "write_bytes", "chmod", "hardlink_to", "ParquetWriter", "write_table", "savefig"}


def writes_by_itself(node: ast.Call) -> str:
    """What a call does to the disk without ``files.py``; empty where it does nothing."""
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    owner = function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""
    if owner in MODULES and name in WRITES:
        return f"{owner}.{name}"
    if isinstance(function, ast.Name):
        return name if name in {"mkstemp", "NamedTemporaryFile", "ParquetWriter"} else ""
    if name in OF_A_PATH - {"write_table"} or (owner == "pq" and name == "write_table"):
        return name
    one_argument = len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Constant)
    if name == "replace" and one_argument:  # of a path: a text takes two, a date takes keywords
        return "Path.replace"
    modes = [a.value for a in (*node.args, *(k.value for k in node.keywords)) if isinstance(a, ast.Constant)]
    if name == "open" and any(isinstance(mode, str) and re.fullmatch(r"[wax]b?\+?", mode) for mode in modes):
        return "open for writing"
    return f"{name} to a path" if name in {"to_csv", "to_parquet", "to_excel"} and node.args else ""


def test_files_are_written_in_one_place() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)}:{node.lineno} {said}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.name != "files.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and (said := writes_by_itself(node))
    ]
    assert wrong == [], "use relapse_risk.files"


def test_digests_are_made_in_one_place() -> None:
    """Beside them only the pseudonyms, which are keyed."""
    users = [path.name for path in sorted(SOURCE.rglob("*.py")) if "hashlib" in path.read_text(encoding="utf-8")]
    assert users == ["files.py", "pseudonyms.py"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("os.replace(a, b)", "os.replace"), ("part.replace(path)", "Path.replace"), ("path.chmod(0o600)", "chmod"),
        ("text.replace('a', 'b')", ""), ("day.replace(day=1)", ""), ("os.fsync(stream.fileno())", "os.fsync"),
        ("NamedTemporaryFile(dir=folder)", "NamedTemporaryFile"), ("tempfile.mkstemp()", "tempfile.mkstemp"),
        ("path.open('wb')", "open for writing"), ("path.open('rb')", ""), ("frame.to_csv(path)", "to_csv to a path"),
        ("frame.to_csv(index=False)", ""), ("path.write_text(text)", "write_text"), ("write_text(path, text)", ""),
    ],
)  # fmt: skip
def test_a_write_elsewhere_is_seen(code: str, said: str) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert writes_by_itself(call) == said
