"""What the agent counts; scraped with the service's metrics where it runs in the service's process."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

OUTCOMES = Counter("ltt_agent_requests", "Requests for help by who answered and how it ended.", ["by", "outcome"])
REVIEWS = Counter("ltt_agent_reviews", "Problems that the review found in what the model drafted.", ["problem"])
TOOLS = Counter("ltt_agent_tool_calls", "Tool calls of the model.", ["tool", "outcome"])
MODEL_FAILURES = Counter("ltt_agent_model_failures", "Calls to the model that gave nothing usable.", ["kind"])
MODEL_TOKENS = Counter("ltt_agent_model_tokens", "Tokens that the model read and wrote.")
SECONDS = Histogram(
    "ltt_agent_seconds", "From the request to its end.", ["by"], buckets=(0.05, 0.2, 0.5, 1, 2, 5, 10, 30)
)
