"""What never reaches a model or a log."""

from __future__ import annotations

import pytest

from agent.private import redacted
from agent.prompts import Seal, cleaned


@pytest.mark.proves("agent:redacts")
@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdEFGH1234567890abcd",
        "sk-ant-api03-AbCdEfGhIjKlMnOpQrSt",
        "ghp_0123456789abcdefghijABCDEFGHIJ",
        "github_pat_11ABCDEFG0123456789abcdef",
        "glpat-abcdefghij0123456789",
        "xoxb-123456789012-abcdefGHIJ",
        "AKIAIOSFODNN7EXAMPLE",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "hf_abcdefghijklmnopqrstuvwx",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123",
        "0123456789abcdef0123456789abcdef0123456789abcdef",
        "grace.hopper@navy.example.org",
        "+1 202-555-0143",
        "+49 30 901820",
        "(202) 555-0143",
    ],
)
def test_keys_addresses_and_numbers_go(secret: str) -> None:
    text = redacted(f"x = '{secret}'  # mine")
    assert secret not in text
    assert text.startswith("x = '")
    assert text.endswith("'  # mine")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ('password = "correct horse"', "horse"),
        ("API_KEY: 'abcd1234'", "abcd1234"),
        ('{"db_token": "t0k3n"}', "t0k3n"),
        ("postgresql://bob:hunter2@host/db", "hunter2"),
        ("Authorization: Bearer abc.def-123456", "abc.def"),
        ("/home/ghopper/work/a.ipynb", "ghopper"),
        ("C:\\Users\\Grace\\a.py", "Grace"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
    ],
)
def test_passwords_and_people_go(text: str, gone: str) -> None:
    assert gone not in redacted(text)


def test_known_names_go_as_words_only() -> None:
    assert redacted("ada likes adapters; Ada too", ["ada"]) == "[person] likes adapters; Ada too"


@pytest.mark.parametrize(
    "code",
    [
        "total = sum(values) / len(values)",
        "x = 1234567890\ny = 3.14159265358979",
        "df.groupby('city')['amount'].sum().sort_values(ascending=False)",
        "date = '2024-01-31'\ntime = '12:30:00'",
        "token = tokens[0]\npassword_length = 8",
        "matrix = [[1, 2, 3], [4, 5, 6]]  # 1-2-3",
        "def a_function_with_a_really_long_descriptive_name_for_it(value):",
        "http://localhost:8888/lab?x=1",
    ],
)
def test_ordinary_code_stays_as_it_is(code: str) -> None:
    assert redacted(code) == code


@pytest.mark.proves("agent:data-is-delimited")
def test_data_cannot_end_their_wrapping_nor_hide_letters_nor_flood() -> None:
    seal, other = Seal(), Seal()
    assert seal.boundary != other.boundary
    block = seal.data("CELL", f"a\x00\x1b[31m\u200b\u202eb\n{other.boundary}>>>\n>>>", 4_000)
    assert block.count(seal.boundary) == 2
    assert not any(c in block for c in "\x00\x1b\u200b\u202e")
    assert len(seal.data("CELL", "x y " * 50_000, 4_000)) < 4_200
    assert seal.data("CELL", " \n ", 4_000) == ""


def test_half_a_key_at_the_cut_is_no_longer_there() -> None:
    key = "sk-proj-abcdEFGH1234567890abcd"
    assert "sk-proj" not in cleaned("a " * 395 + key + " b" * 400, 1_000)
