"""The import rules of DESIGN, section 2, read from the syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "generator"
FILES = {
    ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(file.read_text("utf-8")) for name, file in FILES.items()}

# Which folders a folder may import from; itself always. `build` and what sees it stand alone at the top.
MAY = {
    "errors": set(),
    "model": set(),
    "render": {"model", "parse", "relate", "errors"},
    "parse": {"model", "errors"},
    "relate": {"model", "errors", "parse"},
    "pages": {"model", "relate", "render", "parse"},
    "config": {"model", "errors"},
    "sources": {"model", "parse", "config", "errors", "render.escape"},
    "output": {"model", "pages", "render", "errors"},
    "work": {"model", "sources", "parse", "relate", "render", "pages", "output.cache", "output.lock", "errors"},
    "theme": set(),
}
TOP = {file.stem for file in PACKAGE.glob("*.py")} - {"errors", "config", "__init__"} | {"capture", "lab", "publish"}
PURE = ("model", "parse", "relate", "render", "pages")
IMPURE_MODULES = {
    "io",
    "logging",
    "os",
    "pathlib.Path.open",
    "random",
    "secrets",
    "shutil",
    "socket",
    "subprocess",
    "time",
}
ALONE = {
    "git": {"generator.sources.git"},
    "requests": {"generator.sources.http"},
    "mkdocs": {"generator.plugin", "generator.rendered"},
    "pygments": {"generator.render.code"},
}


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports; `from a import b` gives `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(name: str) -> str:
    """Return the module of ours that a dotted name lies in."""
    while name not in TREES and "." in name:
        name = name.rpartition(".")[0]
    return name


def folder_of(module: str) -> str:
    return module.removeprefix("generator").strip(".").partition(".")[0]


def inner(module: str) -> set[str]:
    """Return the modules of ours that a module imports."""
    return {module_of(name) for name in imports(TREES[module]) if name.startswith("generator")} - {"generator"}


@pytest.mark.parametrize("module", [name for name in TREES if folder_of(name) not in ("", *TOP)])
def test_a_module_imports_only_from_the_stages_before_it(module: str) -> None:
    may = MAY[folder_of(module)]
    wrong = {
        other
        for other in inner(module)
        if folder_of(other) != folder_of(module)
        and folder_of(other) not in may
        and other.removeprefix("generator.") not in may
    }
    assert wrong == set()


def test_nothing_but_the_top_imports_the_top() -> None:
    wrong = {
        (module, other)
        for module in TREES
        for other in inner(module)
        if folder_of(other) in TOP and folder_of(module) not in TOP
    }
    assert wrong == set()


def test_there_are_no_cycles() -> None:
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way, module))
        if module not in done:
            for other in inner(module):
                visit(other, (*way, module))
            done.add(module)

    for module in TREES:
        visit(module, ())


@pytest.mark.parametrize("third_party", ALONE)
def test_a_third_party_has_the_importers_it_is_meant_to_have(third_party: str) -> None:
    importers = {
        module for module, tree in TREES.items() if any(name.split(".")[0] == third_party for name in imports(tree))
    }
    assert importers == ALONE[third_party]


@pytest.mark.parametrize("module", [name for name in TREES if folder_of(name) in PURE])
def test_pure_stages_do_no_input_or_output(module: str) -> None:
    tree = TREES[module]
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    methods = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert called & {"open", "print", "input", "exec", "eval", "__import__"} == set()
    assert {name.split(".")[0] for name in imports(tree)} & IMPURE_MODULES == set()
    assert methods & {"read_text", "read_bytes", "write_text", "write_bytes", "now", "today", "utcnow"} == set()


@pytest.mark.parametrize("module", TREES)
def test_no_import_stands_inside_a_function(module: str) -> None:
    functions = [node for node in ast.walk(TREES[module]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = [
        node.lineno
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


@pytest.mark.parametrize("module", TREES)
def test_every_module_says_what_it_owns(module: str) -> None:
    assert ast.get_docstring(TREES[module])


def test_every_public_function_and_class_has_a_docstring() -> None:
    bare = [
        f"{module}.{node.name}"
        for module, tree in TREES.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert bare == []


def test_the_plugin_stays_a_thin_adapter() -> None:
    assert len(FILES["generator.plugin"].read_text("utf-8").splitlines()) < 160


def test_functions_stay_short() -> None:
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] <= 11
    assert lengths[len(lengths) * 9 // 10] <= 30
    assert lengths[-1] <= 60
