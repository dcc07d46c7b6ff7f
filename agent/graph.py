"""The graph: observe → diagnose → decide → draft → review → act."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from langgraph.graph import END, START, StateGraph

from agent.nodes.act import act
from agent.nodes.decide import decide
from agent.nodes.diagnose import diagnose
from agent.nodes.draft import draft
from agent.nodes.observe import observe
from agent.nodes.review import review
from agent.state import HelpState
from agent.work import Work

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

STEPS_AT_MOST = 40
"""Of one request: the longest way, with three drafts, a leak and a conflict, has 25."""

_NEXT = {
    "observe": ("diagnose", "over"),
    "decide": ("draft", "act", "over"),
    "draft": ("review", "act", "over"),
    "review": ("draft", "act", "over"),
    "act": ("observe", "draft", "act", "over"),
}


def compiled(saver: BaseCheckpointSaver[str]) -> CompiledStateGraph[HelpState, Work, HelpState, HelpState]:
    """The graph with that memory."""
    return _graph().compile(checkpointer=saver)


@cache
def _graph() -> StateGraph[HelpState, Work, HelpState, HelpState]:
    graph = StateGraph(HelpState, context_schema=Work)
    for name, node in (
        ("observe", observe), ("diagnose", diagnose), ("decide", decide),
        ("draft", draft), ("review", review), ("act", act),
    ):  # fmt: skip
        graph.add_node(name, node)
    graph.add_edge(START, "observe")
    graph.add_edge("diagnose", "decide")
    for name, targets in _NEXT.items():
        graph.add_conditional_edges(name, _route, {target: END if target == "over" else target for target in targets})
    return graph


def _route(state: HelpState) -> str:
    return state["route"]
