"""A LangGraph agent that has our tools through LangChain's MCP adapters; run as a program, told what to do on stdin.

The adapters need the SDK's first generation, the service its second: this program is started with the first one before
everything else on its path, and imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_mcp_adapters.client import MultiServerMCPClient  # type: ignore[import-not-found] # not in .venv


class ScriptedModel(GenericFakeChatModel):
    """A model that calls the tools that it was told to."""

    def bind_tools(self, tools: Any, **_more: Any) -> ScriptedModel:
        """Any tools will do."""
        return self


async def work(job: dict[str, Any]) -> dict[str, Any]:
    """Let the agent make the calls; what each was answered with."""
    server = {"transport": "streamable_http", "url": job["url"], "headers": {"Authorization": f"Bearer {job['token']}"}}
    tools = await MultiServerMCPClient({"ltt": server}).get_tools()
    calls = [
        AIMessage(content="", tool_calls=[{"name": name, "args": arguments, "id": f"call-{number}"}])
        for number, (name, arguments) in enumerate(job["calls"])
    ]
    model = ScriptedModel(messages=iter([*calls, AIMessage(content="done")]))
    answer = await create_agent(model, tools).ainvoke({"messages": [HumanMessage("help")]})
    said = [message for message in answer["messages"] if message.type == "tool"]
    return {"tools": [tool.name for tool in tools], "answers": [[each.name, each.text] for each in said]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(work(json.load(sys.stdin)))))
