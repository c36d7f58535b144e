"""A system as its source declares it, card, options and docstring, without the seconds that it takes to load torch."""

import ast
from collections.abc import Mapping
from importlib import import_module
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

from saccade.core.source import Scope
from saccade.network.card import SystemFunction, system

if TYPE_CHECKING:
    from saccade.network.system import System


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
    kinds = {option.arg: scope.value(_annotation(option)) for option in function.args.kwonlyargs}
    return system(card)(_stand_in(module, name, ast.get_docstring(function, clean=False), kinds))


def _stand_in(module: str, name: str, docstring: str | None, kinds: Mapping[str, Any]) -> Any:
    def stand_in(classes: Any, **options: Any) -> "System":
        return getattr(import_module(module), name)(classes, **options)

    # A default needs what the module computes: `...` says that there is one.
    options = [Parameter(one, Parameter.KEYWORD_ONLY, default=..., annotation=kind) for one, kind in kinds.items()]
    stand_in.__name__, stand_in.__doc__, stand_in.__annotations__ = name, docstring, dict(kinds)
    stand_in.__signature__ = Signature(options)  # pyright: ignore[reportFunctionMemberAccess]
    return stand_in


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


def _annotation(option: ast.arg) -> ast.expr:
    if option.annotation is None:
        raise TypeError(f"the option {option.arg} has no type")
    return option.annotation
