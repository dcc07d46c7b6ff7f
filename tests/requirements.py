"""What the product promises, each with an id; `tests/architecture/test_requirements.py` holds the proofs to it.

A test says what it proves by ``@pytest.mark.proves("area:requirement")``.
"""

REQUIREMENTS: dict[str, str] = {
    "rooms:token-in-header-only": "The server's token travels in the Authorization header, never in a URL.",
    "rooms:token-never-shown": "No repr, message or log line carries a token.",
    "rooms:no-redirect-with-credentials": "A redirect is refused everywhere: no second host sees the token.",
    "rooms:answer-from-the-first-frame": "A room's first frame can be answered: the channel is there before it.",
    "rooms:slices-and-fragments": "Messages are whole, in however many slices and fragments they arrive.",
    "rooms:close-codes-exact": "A server's close code and reason are passed on exactly.",
    "rooms:frame-cap": "A message over the cap ends its channel with a reason, and is never gathered.",
    "rooms:listener-failure-contained": "A failing listener, panics included, costs its own channel only.",
    "rooms:liveness-by-any-byte": "Any byte from the server counts as a sign of life, not only whole frames.",
    "rooms:half-open-closed-in-time": "Closing a dead connection ends within two seconds.",
    "anchors:agree-with-yjs": "A position we make or read is the one Yjs makes, in every script, after any edits.",
    "anchors:end-of-text": "The end of a text, empty ones too, has a position; asking for it never panics.",
    "rooms:discovery": "A notebook opened on the server is seen within half a second.",
    "rooms:files-followed": "Files renamed, moved with their folder, or deleted through Jupyter are seen.",
    "rooms:watch-reconnects": "The watch over a server comes back by itself and says when it is blind.",
    "rooms:watch-half-open": "A server that went silent is noticed by the watch's own timer.",
    "rooms:unknown-version-unsupported": "Versions that our tests do not run against count as unsupported.",
    "doctor:store-at-risk": "`ltt doctor` says when learner text is at risk, with the fix, and exits with 1.",
    "doctor:token-never-shown": "No report of `ltt doctor` shows the token.",
    "replica:malformed-updates-refused": "Bytes that are no update are refused; no panic of the CRDT library escapes.",
    "replica:sleeps-without-loss": "A document dropped to save memory wakes with the next update, nothing lost.",
    "writer:note-live-then-rendered": "A note is typed by whole words within 1.5 s, then arrives anew as a whole.",
    "writer:cursor-where-it-writes": "The tutor's caret stands at the end of what it has written, then goes.",
    "writer:precondition": "About a cell that is not what the writer was shown nothing is written or shown.",
    "writer:withdraws-half-notes": "No half note is left when the learner's cell goes or the writer is cancelled.",
    "writer:edited-note-is-theirs": "A note that a human typed into is theirs: no letter is lost, none of ours added.",
    "writer:never-in-an-occupied-cell": "Nothing is written, swapped or removed under a human's caret.",
    "writer:rungs-in-place": "A further rung is added in the same cell, below the text there.",
    "writer:removes-exactly-its-cell": "Withdrawing a note removes exactly our cell of that suggestion.",
    "writer:points-without-a-letter": "Pointing at a line selects it in the learner's cell and changes no letter.",
    "writer:late-letters-are-kept": "Letters typed into a note whose deletion was under way are put back.",
}
