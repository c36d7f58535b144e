"""Values that our source writes down, read without running it: to run a module may cost the seconds that torch takes.

What stands there as an expression can be read: literals, names of such, and classes of modules that are quickly loaded.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


class Scope(Mapping[str, Any]):
    """The names that an expression of a module may use, each read when it is asked for.

    Args:
        module: Dotted name of a module of this package.
        given: Further names: an expression each, and the scope that it stands in. They are a call's arguments.
    """

    def __init__(self, module: str, given: Mapping[str, tuple["Scope", ast.expr]] | None = None) -> None:
        self.module = module
        self._given = given or {}

    def value(self, expression: ast.expr) -> Any:
        """What an expression means here.

        Raises:
            NameError: It uses a name that is bound in no way that can be read.
        """
        # The text is ours, and would be run in any case where the module is used.
        return eval(compile(ast.Expression(expression), self.module, "eval"), {}, self)

    def find(self, name: str) -> tuple["Scope", ast.stmt]:
        """The statement that binds a name, and the scope it stands in; imports from this package are followed.

        Raises:
            KeyError: No statement of the module's first level binds it alone.
        """
        statement = _bindings(self.module)[name]
        if isinstance(statement, ast.ImportFrom) and str(statement.module).split(".")[0] == ROOT.name:
            return Scope(str(statement.module)).find(_imported(statement, name))
        return Scope(self.module), statement

    def __getitem__(self, name: str) -> Any:
        if name in self._given:
            scope, expression = self._given[name]
            return scope.value(expression)
        scope, statement = self.find(name)
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            return scope.value(statement.value)
        if isinstance(statement, ast.ImportFrom):
            return getattr(import_module(str(statement.module)), _imported(statement, name))
        return getattr(import_module(scope.module), name)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._given, **_bindings(self.module)})

    def __len__(self) -> int:
        return len(list(iter(self)))


@cache
def _bindings(module: str) -> dict[str, ast.stmt]:
    """The statements of a module's first level by the one name that each binds; imports by all of theirs."""
    place = ROOT.joinpath(*module.split(".")[1:])
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    found: dict[str, ast.stmt] = {}
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        found |= dict.fromkeys(_names(statement), statement)
    return found


def _names(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ImportFrom(names=aliases):
            return [alias.asname or alias.name for alias in aliases]
        case _:
            return []


def _imported(statement: ast.ImportFrom, name: str) -> str:
    """What an imported name is called where it comes from."""
    return next(alias.name for alias in statement.names if name == (alias.asname or alias.name))
