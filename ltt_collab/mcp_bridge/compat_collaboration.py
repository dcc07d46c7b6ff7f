"""Placeholder until the set is written."""

from __future__ import annotations

from collections.abc import Mapping

from ltt_collab.mcp_bridge.native import Handler

HANDLERS: Mapping[str, Handler] = {}
