"""``ltt bench triggers``: labelled sessions, read, replayed and counted."""

from __future__ import annotations

import json

import pytest

from ltt_collab.bench.__main__ import main
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.replay import Replay
from ltt_collab.bench.streams.reading import Stream, read_streams
from ltt_collab.bench.triggers import held_out_streams, precision, recall, score, tuning_streams

STUCK = """
== stuck
stuck 20
cell a code
| print(x)
0 ada joins
2 ada runs a 0.1 NameError 1 name 'x' is not defined
12 ada writes a 2
| print( x)
20 ada runs a 0.1 NameError 1 name 'x' is not defined
end 60
"""


def relabelled(label: str) -> list[Stream]:
    return read_streams(STUCK.replace("stuck 20", label))


@pytest.mark.proves("bench:triggers")
def test_the_report_counts_both_halves_and_nobody_is_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triggers", "--each", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["streams"] >= 60
    assert report["held_out_streams"] >= 30
    assert report["interruptions_while_typing"] == report["over_budget"] == report["beside_another"] == 0
    for figure in ("stuck_precision", "stuck_recall", "held_out_precision", "held_out_recall"):
        assert 0.85 <= report[figure] <= 1, (figure, report["false_claims"], report["missed"])
    assert report["claims"] > 20
    assert report["ms_per_stream"] > 0


def test_the_halves_share_no_session() -> None:
    tuning, held_out = tuning_streams(2), held_out_streams(2)
    assert not {stream.name for stream in tuning} & {stream.name for stream in held_out}
    for half in (tuning, held_out):
        assert sum(stream.stuck is not None for stream in half) >= 10
        assert sum(stream.stuck is None for stream in half) >= 10
        assert all(stream.steps and stream.cells and stream.end > 0 for stream in half)


@pytest.mark.parametrize(
    ("label", "right", "found"),
    [("stuck 20", 1.0, 1.0), ("calm", 0.0, 0.0), ("stuck 50", 0.0, 0.0)],
)
def test_a_claim_is_right_only_where_the_label_agrees(label: str, right: float, found: float) -> None:
    scored = score(relabelled(label))
    assert (precision(scored), recall(scored)) == (right, found)


def test_a_session_is_replayed_keystroke_by_keystroke() -> None:
    played = Replay(relabelled("stuck 20")[0]).play()
    assert [(round(request.at, 1), request.ask.rung) for request in played.requests] == [(2.1, 1), (20.1, 2)]
    assert played.events > 15


@pytest.mark.parametrize("line", ["what", "cell a", "x ada runs a", "stuck soon", "| a source of nothing"])
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(BenchmarkError, match="line 2 of the streams"):
        read_streams(f"== one\n{line}\n")


def test_a_file_that_begins_with_no_session_is_refused() -> None:
    with pytest.raises(BenchmarkError, match="line 1"):
        read_streams("calm2 3\n")
