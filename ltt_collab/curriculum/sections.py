"""YAML with line numbers: a file becomes sections whose values are asked for by name and type.

What is missing, wrong or unknown becomes a problem with file and line, and a default is handed out: one reading finds
everything. Scalars are read as YAML 1.2 means them (``yes`` and ``2024-01-01`` are texts); anchors are refused, since
a page of them can stand for a galaxy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ltt_collab.curriculum.literals import NotALiteralError, plain_value
from ltt_collab.curriculum.problems import Problems, did_you_mean

KEYS_LIMIT = 500
"""Keys of one section."""


class _Loader(yaml.SafeLoader):
    """Composes nodes; aliases are an error."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="'*' repeats another value; write it out", problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def line_of(node: Node) -> int:
    """The line at which a value begins, 1-based."""
    return int(node.start_mark.line) + 1


def read_yaml(text: str, file: str, problems: Problems) -> Section | None:
    """The file's outermost mapping; None, and a problem, if there is none."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or "it cannot be read"
        problems.error(file, mark.line + 1 if mark else 0, f"not YAML: {reason}")
        return None
    except (yaml.YAMLError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        problems.error(file, 0, f"not YAML: {reason}")
        return None
    if not isinstance(node, MappingNode):
        problems.error(file, 1, "empty; expected 'key: value' lines" if node is None else "expected 'key: value' lines")
        return None
    return Section(node, file, problems)


class Section:
    """One mapping of a YAML file; keys that nobody asked for are unknown ones (``finish``)."""

    def __init__(self, node: MappingNode, file: str, problems: Problems) -> None:
        self.file, self.line, self.problems = file, line_of(node), problems
        self._values: dict[str, Node] = {}
        self._lines: dict[str, int] = {}
        for key, value in node.value[:KEYS_LIMIT]:
            self._take(key, value)
        if len(node.value) > KEYS_LIMIT:
            problems.error(file, self.line, f"more than {KEYS_LIMIT} keys here")

    def _take(self, key: Node, value: Node) -> None:
        name = key.value if isinstance(key, ScalarNode) else None
        if name is None:
            self.problems.error(self.file, line_of(key), "a key must be a plain word")
        elif name in self._values:
            self.problems.error(
                self.file, line_of(key), f"{name!r} stands here twice (first in line {self._lines[name]}); keep one"
            )
        else:
            self._values[name], self._lines[name] = value, line_of(key)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def line_at(self, key: str) -> int:
        """The line of a key; the section's own if it has none such."""
        return self._lines.get(key, self.line)

    def wrong(self, key: str, message: str) -> None:
        """Note an error at a key."""
        self.problems.error(self.file, self.line_at(key), f"{key}: {message}")

    def text(self, key: str, default: str | None = "", *, limit: int = 20_000) -> str:
        """A text; ``default`` None: it must be there."""
        node = self._values.get(key)
        if node is None:
            if default is None:
                self.problems.error(self.file, self.line, f"{key!r} is missing; write '{key}: …'")
            return default or ""
        if not isinstance(node, ScalarNode):
            self.wrong(key, f"expected a text, not {_kind(node)}")
            return default or ""
        if default is None and not node.value.strip():
            self.wrong(key, "empty; write a text")
        if len(node.value) > limit:
            self.wrong(key, f"{len(node.value):,} characters; at most {limit:,}")
        return str(node.value)

    def number(self, key: str, default: float, *, least: float = 0.0, most: float = 1e9) -> float:
        """A number in a range."""
        node = self._values.get(key)
        if node is None:
            return default
        value = _plain_or_none(node)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.wrong(key, f"expected a number, not {_shown(node)}")
            return default
        if not least <= value <= most:
            self.wrong(key, f"{value:g} is out of range; from {least:g} to {most:g}")
            return default
        return float(value)

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        node = self._values.get(key)
        value = default if node is None else _plain_or_none(node)
        if not isinstance(value, bool):
            self.wrong(key, f"expected true or false, not {_shown(node)}")
            return default
        return value

    def literal(self, key: str) -> str:
        """Any value, as the source of a Python literal."""
        try:
            return repr(plain_value(self._values[key]))
        except NotALiteralError as error:
            self.problems.error(self.file, error.line, f"{key}: {error.reason}")
        except RecursionError:
            self.wrong(key, "nested too deeply")
        return "None"

    def texts(self, key: str, *, limit: int = 200) -> tuple[tuple[str, int], ...]:
        """A list of texts, each with its line; one text alone is a list of one."""
        node = self._values.get(key)
        if node is None:
            return ()
        items = [node] if isinstance(node, ScalarNode) else node.value if isinstance(node, SequenceNode) else None
        if items is None:
            self.wrong(key, f"expected a list, as in '{key}: [one, two]', not {_kind(node)}")
            return ()
        if len(items) > limit:
            self.wrong(key, f"{len(items)} entries; at most {limit}")
        read = []
        for item in items[:limit]:
            if isinstance(item, ScalarNode) and item.value.strip():
                read.append((str(item.value), line_of(item)))
            else:
                self.problems.error(self.file, line_of(item), f"{key}: expected a text, not {_shown(item)}")
        return tuple(read)

    def section(self, key: str) -> Section | None:
        """A mapping in here; None if there is none."""
        node = self._values.get(key)
        if node is None:
            return None
        if isinstance(node, MappingNode):
            return Section(node, self.file, self.problems)
        self.wrong(key, f"expected 'key: value' lines, not {_kind(node)}")
        return None

    def sections(self, key: str, *, limit: int) -> list[Section]:
        """A list of mappings."""
        node = self._values.get(key)
        if node is None:
            return []
        if not isinstance(node, SequenceNode):
            self.wrong(key, f"expected a list, each entry beginning with '-', not {_kind(node)}")
            return []
        if len(node.value) > limit:
            self.wrong(key, f"{len(node.value)} entries; at most {limit}")
        read = []
        for item in node.value[:limit]:
            if isinstance(item, MappingNode):
                read.append(Section(item, self.file, self.problems))
            else:
                self.problems.error(self.file, line_of(item), f"{key}: expected 'key: value' lines, not {_shown(item)}")
        return read

    def is_mapping(self, key: str) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self._values.get(key), MappingNode)

    def finish(self, known: Iterable[str], *, hints: Mapping[str, str] | None = None) -> None:
        """Note keys that are not known; ``hints`` says of a key why it is not meant here."""
        allowed = list(known)
        for key in self._values:
            if key not in allowed:
                hint = (hints or {}).get(key)
                tail = f"; {hint}" if hint else did_you_mean(key, allowed)
                self.problems.error(self.file, self._lines[key], f"unknown key {key!r}{tail}")


def _plain_or_none(node: Node) -> Any:
    try:
        return plain_value(node)
    except (NotALiteralError, RecursionError):
        return None


def _kind(node: Node) -> str:
    if isinstance(node, MappingNode):
        return "'key: value' lines"
    return "a list" if isinstance(node, SequenceNode) else "a text"


def _shown(node: Node | None) -> str:
    return repr(node.value[:60]) if isinstance(node, ScalarNode) else _kind(node) if node else "nothing"
