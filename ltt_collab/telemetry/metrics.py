"""Every metric of the service, in one registry. A room is never a label: rooms are many and name learners."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import REGISTRY as PROCESS_WIDE
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()
"""Ours alone: the process-wide default of prometheus_client collects what libraries put there."""

_INTERACTIVE = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 1.5, 3.0, 10.0)
"""Seconds. Fine where our promises lie: 10 and 20 ms (edits), 300 and 400 ms (first letter), 1.5 s (whole note)."""

ROOMS = Gauge("ltt_rooms_count", "Open rooms by state.", ["state"], registry=REGISTRY)
EVENTS = Counter("ltt_events_total", "Events of all rooms by type.", ["type"], registry=REGISTRY)
EVENTS_RECORDED = Counter("ltt_events_recorded_total", "Events handed to the store.", registry=REGISTRY)
EVENTS_UNRECORDED = Counter(
    "ltt_events_unrecorded_total", "Events that could not be stored: the record has a gap.", registry=REGISTRY
)
STORE_WAITING = Gauge(
    "ltt_store_waiting_count", "Writes in the outbox, which wait for the database.", registry=REGISTRY
)
FRAMES_REFUSED = Counter(
    "ltt_frames_refused_total", "Frames from rooms that were refused, by reason.", ["reason"], registry=REGISTRY
)
RECONNECTS = Counter("ltt_reconnects_total", "Rooms joined anew after their connection was lost.", registry=REGISTRY)
SAVES_FAILED = Counter(
    "ltt_saves_failed_total", "Times that a notebook could not be saved on its server any more.", registry=REGISTRY
)
TEXT_CHECKS = Counter(
    "ltt_learner_text_checks_total",
    "Comparisons of learners' text here and on their server: same, different, or unknown.",
    ["outcome"],
    registry=REGISTRY,
)
SERVERS_STOPPED = Counter(
    "ltt_servers_stopped_total", "Servers stopped because nobody touched them.", registry=REGISTRY
)
SUGGESTIONS_SHOWN = Counter(
    "ltt_suggestions_shown_total",
    "Suggestions shown to learners, by placement.",
    ["placement"],
    registry=REGISTRY,
)
SUGGESTIONS_ENDED = Counter(
    "ltt_suggestions_ended_total", "Shown suggestions that are over, by reason.", ["reason"], registry=REGISTRY
)
FEEDBACK = Counter("ltt_feedback_total", "Learners' words on an answer: yes or no.", ["helpful"], registry=REGISTRY)
VALIDATIONS = Counter(
    "ltt_validations_total", "Verdicts, live and clean, by outcome.", ["mode", "outcome"], registry=REGISTRY
)
DECISIONS = Counter("ltt_decisions_total", "Decisions about help.", ["decision"], registry=REGISTRY)
ANSWERS = Counter(
    "ltt_answers_total", "Answers to proposed suggestions: shown, held, or why not.", ["answer"], registry=REGISTRY
)
AGENT_CALLS = Histogram(
    "ltt_agent_call_seconds",
    "From an agent's call of a tool (MCP) to our answer, without the transport, by tool.",
    ["tool"],
    registry=REGISTRY,
    buckets=_INTERACTIVE,
)
NOTE_WRITING = Histogram(
    "ltt_note_writing_seconds", "From the decision to the complete note.", registry=REGISTRY, buckets=_INTERACTIVE
)
STREAMS = Gauge("ltt_streams_count", "Open event streams of agents.", registry=REGISTRY)
STREAMS_ENDED = Counter("ltt_streams_ended_total", "Ended event streams by reason.", ["reason"], registry=REGISTRY)
HTTP_REQUESTS = Counter("ltt_http_requests_total", "Requests.", ["method", "route", "status"], registry=REGISTRY)
HTTP_SECONDS = Histogram(
    "ltt_http_request_seconds",
    "From a request's arrival to the first byte of its answer.",
    ["route"],
    registry=REGISTRY,
    buckets=_INTERACTIVE,
)


ProcessCollector(registry=REGISTRY)
"""``process_*``: memory, CPU time, open files; Linux only."""


class _Guests(Collector):
    """Metrics of ours that a tutor in this process keeps in the process-wide registry, which the agent alone knows."""

    def collect(self) -> Iterator[Metric]:
        """Those whose names begin as ours do."""
        return (metric for metric in PROCESS_WIDE.collect() if metric.name.startswith("ltt_"))


def exposition() -> bytes:
    """All metrics in Prometheus' text format, those of a tutor in this process too."""
    return generate_latest(REGISTRY) + generate_latest(_Guests())
