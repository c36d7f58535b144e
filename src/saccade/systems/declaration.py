"""A system as its source declares it, card, options and docstring, without the seconds that it takes to load torch."""

import ast
from collections.abc import Sequence
from dataclasses import field, make_dataclass
from functools import cache
from importlib import import_module
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

from saccade.core.options.options import OptionGroup
from saccade.core.source import Scope
from saccade.network.card import SystemFunction, system

if TYPE_CHECKING:
    from saccade.network.system import System


@cache
def declaration(module: str, name: str) -> SystemFunction:
    """A stand-in for a system's function: its card, docstring and options, with their types and without their defaults.

    Args:
        module: The module of this package that has the function.
        name: The function's name: it is decorated with `system`, or is what the maker of a family returns.

    Returns:
        The stand-in. To call it loads and calls the function itself.
    """
    scope, statement = Scope(module).find(name)
    match statement:
        case ast.FunctionDef():
            function = statement
        case ast.Assign(value=ast.Call(func=ast.Name(id=maker)) as call):
            scope, function = _made(scope, maker, call)
        case _:
            raise TypeError(f"{module}.{name} is neither decorated with @system nor made by a call")
    card = scope.value(_decorator(function).args[0])
    pairs = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    options = [_option(scope, option, default) for option, default in pairs]
    stand_in = _stand_in(module, name, ast.get_docstring(function, clean=False), options)
    stand_in.card = card
    return stand_in


def _stand_in(module: str, name: str, docstring: str | None, options: Sequence[Parameter]) -> Any:
    def stand_in(classes: Any, **options: Any) -> "System":
        return getattr(import_module(module), name)(classes, **options)

    stand_in.__name__, stand_in.__doc__ = name, docstring
    stand_in.__annotations__ = {option.name: option.annotation for option in options}
    stand_in.__signature__ = Signature(options)  # pyright: ignore[reportFunctionMemberAccess]
    return stand_in


def _option(scope: Scope, option: ast.arg, default: ast.expr | None) -> Parameter:
    if option.annotation is None:
        raise TypeError(f"the option {option.arg} has no type")
    group = None if default is None else _group(scope, option.annotation, default)
    # A default needs what the module computes: `...` says that there is one.
    kind, value = (scope.value(option.annotation), ...) if group is None else (type(group), group)
    return Parameter(option.arg, Parameter.KEYWORD_ONLY, default=value, annotation=kind)


def _group(scope: Scope, annotation: ast.expr, default: ast.expr) -> OptionGroup | None:
    """The group of options that a parameter is, with their types and docstring and without their defaults."""
    home, definition = _definition(scope, annotation)
    if not isinstance(definition, ast.ClassDef) or OptionGroup.__name__ not in map(ast.unparse, definition.bases):
        return None
    declared = [(one.target, one.annotation) for one in definition.body if isinstance(one, ast.AnnAssign)]
    fields = [
        (target.id, home.value(kind), field(default=...)) for target, kind in declared if isinstance(target, ast.Name)
    ]
    told = {"__doc__": ast.get_docstring(definition, clean=False)}
    kind = make_dataclass(definition.name, fields, bases=(OptionGroup,), namespace=told, frozen=True)
    return kind(**_offered(scope, default))


def _offered(scope: Scope, default: ast.expr) -> dict[str, Any]:
    """What a parameter's default says of the group's fields besides their values: a call, or the name of one."""
    while isinstance(default, ast.Name):
        scope, statement = scope.find(default.id)
        default = statement.value if isinstance(statement, ast.Assign) else ast.Constant(None)
    words = default.keywords if isinstance(default, ast.Call) else []
    return {word.arg: scope.value(word.value) for word in words if word.arg in ("offers", "words")}


def _definition(scope: Scope, annotation: ast.expr) -> tuple[Scope, ast.stmt | None]:
    try:
        return scope.find(annotation.id) if isinstance(annotation, ast.Name) else (scope, None)
    except KeyError:  # a type of Python's own
        return scope, None


def _made(scope: Scope, maker: str, call: ast.Call) -> tuple[Scope, ast.FunctionDef]:
    """The system's function inside the maker of a family, and the scope there: the call's arguments by name."""
    home, definition = scope.find(maker)
    if not isinstance(definition, ast.FunctionDef):
        raise TypeError(f"{scope.module} makes a system by {maker}, which is no function")
    names = [argument.arg for argument in (*definition.args.args, *definition.args.kwonlyargs)]
    arguments = dict(zip(names, call.args, strict=False)) | {word.arg: word.value for word in call.keywords if word.arg}
    given = {name: (scope, expression) for name, expression in arguments.items()}
    inner = next(node for node in definition.body if isinstance(node, ast.FunctionDef))
    return Scope(home.module, given), inner


def _decorator(function: ast.FunctionDef) -> ast.Call:
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=ast.Name(id=system.__name__)):
                return decorator
            case _:
                continue
    raise TypeError(f"{function.name} has no card: @system is not above it")
