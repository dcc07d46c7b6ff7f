"""What the product promises, each with an id; `tests/architecture/test_requirements.py` holds the proofs to it.

A test says what it proves by ``@pytest.mark.proves("area:requirement")``.
"""

REQUIREMENTS: dict[str, str] = {}
