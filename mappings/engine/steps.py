"""Transforms as written in a document, compiled to functions."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from mappings.data import Data, is_object
from mappings.engine.context_paths import context_path
from mappings.engine.document import StepSpec
from mappings.engine.environment import PythonTransform
from mappings.engine.findings import Findings
from mappings.engine.located import Node
from mappings.engine.paths import Path, PathLanguage
from mappings.engine.scope import Scope
from mappings.engine.tables import CodeTable
from mappings.engine.transforms.base import ANY, Elsewhere, InScope, Run, RunInScope, Transform
from mappings.engine.transforms.catalogue import TRANSFORMS
from mappings.errors import ErrorCode, Mark, Refusal
from mappings.suggest import did_you_mean


@dataclass(frozen=True, slots=True)
class Step:
    """One compiled transform. `alone` is set where it looks at nothing but its value."""

    name: str
    mark: Mark
    run: RunInScope
    alone: Run | None = None


@dataclass(slots=True)
class Workbench:
    """What the steps of one document are compiled with. It notes what was used, for lint."""

    language: PathLanguage
    tables: Mapping[str, CodeTable]
    python_known: Mapping[str, PythonTransform]
    python_declared: frozenset[str]
    context: frozenset[str]
    findings: Findings
    used: set[str]
    around: int = 0
    """How many nodes are around the one that the steps being compiled start from."""

    def table(self, name: str, *, reverse: bool) -> Run:
        """Return the look-up in a code table."""
        found = self.tables.get(name)
        if found is None:
            raise ValueError(f"there is no code table {name!r}{did_you_mean(name, self.tables)}")
        self.used.add(f"table {name}")
        if reverse and found.ambiguous:
            word = min(found.ambiguous)
            raise ValueError(f"several codes of {name} stand for {word!r}: say which under its `write_as`")
        return found.look_back if reverse else found.look_up

    def python(self, name: str, arguments: Mapping[str, Data]) -> Run:
        """Return a registered Python transform, its failures turned into refusals."""
        if name not in self.python_declared:
            raise ValueError(f"declare {name!r} under `python`{did_you_mean(name, self.python_declared)}")
        self.used.add(f"python {name}")
        function = self.python_known.get(name)
        if function is None:
            raise ValueError(
                f"no Python transform {name!r} is registered{did_you_mean(name, self.python_known)}"
            )
        return _guarded(name, function, arguments)

    def getter(self, elsewhere: Elsewhere) -> RunInScope:
        """Return a function that reads another value."""
        if isinstance(elsewhere, str):
            get = self.language.path(elsewhere).must_start_within(self.around).get
        else:
            get = self.context_path(elsewhere.context).get
        return lambda _value, node, scope: get(node, scope)

    def context_path(self, text: str) -> Path:
        """Return a path into what the caller says; its name must be declared."""
        path = context_path(text)
        name = re.split(r"[.\[]", text.strip())[0]
        self.used.add(f"context {name}")
        if name not in self.context:
            raise ValueError(f"declare {name!r} under `context`{did_you_mean(name, self.context)}")
        return path

    def chain(self, steps: list[Data]) -> Run:
        """Return transforms that look at nothing but their value, one after the other."""
        found = [self._inner(step) for step in steps]
        return compose(found)

    def _inner(self, step: Data) -> Run:
        name, arguments = next(iter(step.items())) if is_object(step) and len(step) == 1 else (step, None)
        if not isinstance(name, str):
            raise ValueError("a transform is a name, or one `name: arguments`")  # noqa: TRY004 - of a document
        built = self._build(_transform(name), arguments)
        if isinstance(built, InScope):
            reason = f"{name} looks at other fields, and can't be used within another transform"
            raise ValueError(reason)  # noqa: TRY004 - it is the document that is wrong
        return built

    def steps(self, specs: Sequence[StepSpec], around: int = 0) -> tuple[Step, ...]:
        """Compile the transforms of an entry, with so many nodes around it; what is wrong goes to the findings."""
        self.around = around
        found: list[Step] = []
        gives = ANY
        for spec in specs:
            try:
                transform = _transform(spec.name)
                _check_order(transform, gives)
                built = self._build(transform, spec.arguments.plain() if spec.arguments else None)
            except (ValueError, Refusal) as error:
                self.findings.error(_where(spec, error), said(error))
                continue
            gives = gives if transform.gives == "same" else transform.gives
            found.append(_step(spec, built))
        return tuple(found)

    def _build(self, transform: Transform, arguments: Data) -> Run | InScope:
        return transform.build(_arguments(transform, arguments), self)


def _check_order(transform: Transform, given: str) -> None:
    """Refuse a transform that can't take what the one before it gives."""
    if given not in (ANY, "same") and not transform.takes & {given, ANY}:
        takes = " or ".join(sorted(transform.takes))
        raise ValueError(f"{transform.name} takes {takes}, and the transform before it gives {given}")


def _step(spec: StepSpec, built: Run | InScope) -> Step:
    if isinstance(built, InScope):
        return Step(spec.name, spec.mark, built.run)
    return Step(spec.name, spec.mark, lambda value, _node, _scope: built(value), built)


def _transform(name: str) -> Transform:
    found = TRANSFORMS.get(name)
    if found is None:
        raise ValueError(f"there is no transform {name!r}{did_you_mean(name, TRANSFORMS)}")
    return found


def _arguments(transform: Transform, arguments: Data) -> Data:
    if arguments is not None and not is_object(arguments):
        if transform.main is None:
            raise ValueError(f"{transform.name} takes its arguments by name, or takes none")
        arguments = {transform.main: arguments}
    return transform.args.model_validate(arguments or {})


def _where(spec: StepSpec, error: Exception) -> Mark:
    """Return the line of the argument that is wrong, where it is one."""
    if isinstance(error, ValidationError) and spec.arguments is not None and error.errors()[0]["loc"]:
        key = str(error.errors()[0]["loc"][0])
        return spec.arguments.key_mark(key)
    return spec.mark


def said(error: Exception) -> str:
    """Return what is wrong with arguments or options, in one line."""
    if not isinstance(error, ValidationError):
        return str(error)
    parts: list[str] = []
    for one in error.errors():
        name = ".".join(str(step) for step in one["loc"])
        if one["type"] == "extra_forbidden":
            parts.append(f"there is no argument {name!r} here")
        elif one["type"] == "missing":
            parts.append(f"{name} is missing")
        else:
            message = one["msg"].removeprefix("Value error, ")
            parts.append(f"{name}: {message}" if name else message)
    return "; ".join(parts)


def compose(runs: Sequence[Run]) -> Run:
    """Return functions as one; a value that one of them says isn't there goes no further."""
    if len(runs) == 1:
        return runs[0]

    def run(value: Data) -> Data:
        for one in runs:
            value = one(value)
            if value is None:
                return None
        return value

    return run


def after(steps: Sequence[Step]) -> RunInScope | None:
    """Return the steps as one function of value, node and scope; None where there are none."""
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0].run
    runs = [step.run for step in steps]

    def run(value: Data, node: Data, scope: Scope) -> Data:
        for one in runs:
            value = one(value, node, scope)
            if value is None:
                return None
        return value

    return run


def alone(steps: Sequence[Step]) -> Run | None:
    """Return the steps as one function of a value, where none of them looks at anything else."""
    runs = [step.alone for step in steps]
    pure = [run for run in runs if run is not None]
    return compose(pure) if runs and len(pure) == len(runs) else None


def _guarded(name: str, function: PythonTransform, arguments: Mapping[str, Data]) -> Run:
    def run(value: Data) -> Data:
        try:
            return function(value, **arguments)
        except Refusal:
            raise
        except ValueError as error:
            raise Refusal(str(error) or f"{name} refuses this", ErrorCode.PYTHON) from error
        except Exception as error:  # whatever a connector's function does, it fails one value
            reason = f"the registered transform {name} failed: {type(error).__name__}: {error}"
            raise Refusal(reason[:500], ErrorCode.PYTHON) from error

    return run


def options_mark(node: Node | None, error: ValidationError, otherwise: Mark) -> Mark:
    """Return the line of the option that is wrong."""
    for key in error.errors()[0]["loc"]:
        if node is None or str(key) not in node.fields:
            break
        otherwise, node = node.key_mark(str(key)), node.fields[str(key)]
    return otherwise
