"""What the product promises, each with an id; `tests/architecture/test_requirements.py` holds the proofs to it.

A test says what it proves by ``@pytest.mark.proves("area:requirement")``.
"""

REQUIREMENTS: dict[str, str] = {
    "rooms:token-in-header-only": "The server's token travels in the Authorization header, never in a URL.",
    "rooms:token-never-shown": "No repr, message or log line carries a token.",
    "rooms:no-redirect-with-credentials": "A redirect is refused, over HTTP and WebSocket: the token goes to no second host.",
    "rooms:answer-from-the-first-frame": "A room's first frame can be answered: nothing is heard before the channel is handed over.",
    "rooms:slices-and-fragments": "Messages are whole, in however many slices and fragments they arrive.",
    "rooms:close-codes-exact": "A server's close code and reason are passed on exactly.",
    "rooms:frame-cap": "A message over the cap ends its channel with a reason, and is never gathered.",
    "rooms:listener-failure-contained": "A failing listener, panics included, costs its own channel only and is counted.",
    "rooms:liveness-by-any-byte": "Any byte from the server counts as a sign of life, not only whole frames.",
    "rooms:half-open-closed-in-time": "Closing a dead connection ends within two seconds.",
}
