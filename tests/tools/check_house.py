"""Rules of the house that import-linter does not know: sizes, names, circles, and imports inside functions.

``python -m tests.tools.check_house`` prints one line a broken rule and ends with 1 if there is any.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400
MOST_MODULES = 24
BUILD_TIME = "pgx.build_data"
KNOWLEDGE_LOADERS = ("pgx.knowledge.loading",)
"""Modules that read the knowledge base from its folder."""
BUILDERS = ("pgx.kb",)
"""Where `pgx kb build` is called."""
RENDERERS = ("pgx.reports", "pgx.serve")
LAZY_STAGES = (
    "pgx.cli",
    "pgx.commands",
    "pgx.reporting",
    "pgx.table_calls",
    "pgx.files",
    "pgx.kb",
    "pgx.pipeline",
    "pgx.inputs",
    "pgx.__init__",
)
"""Where an import may stand inside a function, so that ``pgx --help`` stays fast."""
LAZY_LIBRARIES = {"xgboost", "scipy", "allel", "fitdecode", "pydicom", "duckdb", "psycopg", "weasyprint", "optuna",
                  "sqlite3", "crypt4gh", "cryptography", "dask", "distributed", "pandas"}  # fmt: skip
"""Slow libraries and optional extras: imported where they are used."""


def modules() -> dict[str, Path]:
    """Return every module of the package and its file."""
    found = {}
    for path in sorted((ROOT / "pgx").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts)] = path
    return found


def sizes(found: dict[str, Path]) -> Iterator[str]:
    """Yield files that are too long and packages that hold too many modules."""
    for name, path in found.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MOST_LINES:
            yield f"{name}: {lines} lines, at most {MOST_LINES}"
    packages = Counter(name.rpartition(".")[0] for name in found if not name.endswith("__init__"))
    for package, count in packages.items():
        if count > MOST_MODULES:
            yield f"{package}: {count} modules, at most {MOST_MODULES}"


def names(found: dict[str, Path]) -> Iterator[str]:
    """Yield base names that stand twice within one stage."""
    stages: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in found:
        parts = name.split(".")
        if len(parts) > 2 and parts[-1] != "__init__":
            stages[parts[1]][parts[-1]].append(name)
    for stage in stages.values():
        for same in stage.values():
            if len(same) > 1:
                yield f"the same base name twice: {', '.join(same)}"


def imports() -> Iterator[str]:
    """Yield circles of modules, imports of what only builds data, and renderers that load knowledge."""
    graph = grimp.build_graph("pgx", include_external_packages=False, cache_dir=None)
    edges = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    # An `__init__` that collects its package is imported by none of the modules that it collects.
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        yield f"a circle of modules: {' -> '.join(error.args[1])}"
    for module, used in sorted(edges.items()):
        for target in sorted(used):
            if target.startswith(BUILD_TIME) and not module.startswith((BUILD_TIME, *BUILDERS)):
                yield f"{module} imports {target}, which only builds data"
            if target in KNOWLEDGE_LOADERS and module.startswith(RENDERERS):
                yield f"{module} imports {target}: what it renders is passed in"


def inner_imports(found: dict[str, Path]) -> Iterator[str]:
    """Yield imports inside functions where there is no reason for one."""
    for name, path in found.items():
        if name.startswith((*LAZY_STAGES, BUILD_TIME)) or name.endswith("models.__init__"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for function in functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    library = (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
                    if library.partition(".")[0] not in LAZY_LIBRARIES:
                        yield f"{name}, line {node.lineno}: {library} is imported inside {function.name}()"


def main() -> int:
    """Print every broken rule; return the exit code."""
    found = modules()
    broken = [*sizes(found), *names(found), *imports(), *inner_imports(found)]
    for line in broken:
        print(line)
    print(f"the house: {len(found)} modules, {len(broken)} rules broken", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
