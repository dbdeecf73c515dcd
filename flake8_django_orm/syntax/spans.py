"""Offsets of the nodes of a libcst module, without a metadata provider.

PositionProvider builds a position object for every node of a file; here one writing of the code notes plain offsets,
and only for the one definition that holds a finding (a test compares the answers with PositionProvider's).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from libcst._nodes.internal import CodegenState

if TYPE_CHECKING:
    import libcst as cst


class _SpanRecorder(CodegenState):
    """Writes code and notes at which offsets each node begins and ends, trivia and own parentheses left out."""

    def __init__(self, module: cst.Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.offset = 0
        self.spans: dict[int, tuple[int, int]] = {}
        self.starts: list[int] = []

    def add_token(self, value: str) -> None:
        super().add_token(value)
        self.offset += len(value)

    def add_indent_tokens(self) -> None:
        super().add_indent_tokens()
        self.offset += sum(map(len, self.indent_tokens))

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.starts.append(self.offset)

    def after_codegen(self, node: cst.CSTNode) -> None:
        start = self.starts.pop()
        self.spans.setdefault(id(node), (start, self.offset))  # a syntactic position, noted before, is the better one

    @contextmanager
    def record_syntactic_position(
        self,
        node: cst.CSTNode,
        *,
        start_node: cst.CSTNode | None = None,
        end_node: cst.CSTNode | None = None,
    ) -> Iterator[None]:
        start = self.offset
        yield
        first = self.spans[id(start_node)][0] if start_node is not None else start
        last = self.spans[id(end_node)][1] if end_node is not None else self.offset
        self.spans[id(node)] = (first, last)


def node_spans(module: cst.Module) -> dict[int, tuple[int, int]]:
    """`{id(node): (start, end)}` in code points of `module.code`, for every node of a freshly parsed module."""
    recorder = _SpanRecorder(module)
    module._codegen(recorder)
    return recorder.spans
