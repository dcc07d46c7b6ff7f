# ruff: noqa: E501 - the texts stand as they are read
"""Texts that give a solution away and texts that do not: what the gate's leak check is measured on.

Made by hand and by rewriting: the leaking ones of one task say its solution in fences, prose, spans, other names and
other spellings; the innocent ones are what a good tutor says about the same task, and the learner's own lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeakCase:
    """``leaking``: whether ``text`` gives ``reference`` away to somebody who has written ``learner``."""

    reference: str
    learner: str
    text: str
    leaking: bool


MEAN = (
    "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n    return total / len(values)"
)
MEAN_START = "def mean(values):\n    # your code here\n    pass"
EVENS = "def count_even(numbers):\n    return sum(1 for n in numbers if n % 2 == 0)"
EVENS_START = "def count_even(numbers):\n    count = 0\n    return count"
WORDS = (
    "def count_words(text):\n    counts = {}\n    for word in text.lower().split():\n"
    "        counts[word] = counts.get(word, 0) + 1\n    return counts"
)
WORDS_START = "def count_words(text):\n    counts = {}\n    for word in text.split():\n        counts[word] = 1\n    return counts"
FACT = "def factorial(n):\n    if n <= 1:\n        return 1\n    return n * factorial(n - 1)"
FACT_START = "def factorial(n):\n    return n * factorial(n - 1)"
FRAME = "top = sales[sales['year'] == 2024].groupby('city')['amount'].sum().sort_values(ascending=False).head(3)"
FRAME_START = "import pandas as pd\nsales = pd.read_csv('sales.csv')"
QUERY = "rows = con.execute('SELECT name, COUNT(*) FROM orders WHERE paid = 1 GROUP BY name ORDER BY name').fetchall()"
QUERY_START = "import sqlite3\ncon = sqlite3.connect('shop.db')"
PRIME = (
    "def is_prime(n):\n    if n < 2:\n        return False\n    for d in range(2, int(n ** 0.5) + 1):\n"
    "        if n % d == 0:\n            return False\n    return True"
)
PRIME_START = (
    "def is_prime(n):\n    for d in range(2, n):\n        if n % d == 0:\n            return False\n    return True"
)
BANK = (
    "class Account:\n    def __init__(self, owner, balance=0):\n        self.owner = owner\n        self.balance = balance\n\n"
    "    def withdraw(self, amount):\n        if amount > self.balance:\n            raise ValueError('not enough money')\n"
    "        self.balance -= amount"
)
BANK_START = "class Account:\n    pass"


def _fence(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}\n```"


def _body(reference: str) -> str:
    return reference.split("\n", 1)[1]


def _commented(code: str) -> str:
    return "\n".join(f"# {line}" for line in code.splitlines())


def _listed(code: str) -> str:
    return "\n".join(f"{number}. `{line.strip()}`" for number, line in enumerate(code.splitlines(), 1))


def _renamed(code: str, **names: str) -> str:
    for old, new in names.items():
        code = re.sub(rf"\b{old}\b", new, code)
    return code


_TASKS = (
    (MEAN, MEAN_START, {"values": "xs", "total": "acc", "value": "x", "mean": "average"}),
    (WORDS, WORDS_START, {"counts": "d", "word": "w", "text": "s"}),
    (PRIME, PRIME_START, {"d": "k", "n": "number"}),
    (BANK, BANK_START, {"amount": "sum_", "balance": "money"}),
    (FACT, FACT_START, {"n": "k", "factorial": "fac"}),
)


def _rewrites() -> tuple[LeakCase, ...]:
    """Each longer solution in seven wrappings."""
    found: list[LeakCase] = []
    for reference, learner, names in _TASKS:
        body = _body(reference)
        texts = (
            f"Here you are:\n\n{_fence(reference)}\n\nRun it.",
            f"Write this:\n\n{body}\n\nThen run the cell.",
            f"Your function could be:\n{_fence(_renamed(reference, **names))}",
            f"Try these steps.\n{_listed(_renamed(body, **names))}",
            f"Look:\n{_fence(_commented(body))}",
            f"The lines are {' then '.join(f'`{line.strip()}`' for line in body.splitlines())}.",
            f"An idea:\n~~~\n{_renamed(body, **names)}  # like this\n~~~\nChange the names as you like.",
        )
        found += [LeakCase(reference, learner, text, leaking=True) for text in texts]
    return tuple(found)


def _leak(reference: str, learner: str, *texts: str) -> tuple[LeakCase, ...]:
    return tuple(LeakCase(reference, learner, text, leaking=True) for text in texts)


def _fine(reference: str, learner: str, *texts: str) -> tuple[LeakCase, ...]:
    return tuple(LeakCase(reference, learner, text, leaking=False) for text in texts)


LEAKING: tuple[LeakCase, ...] = (
    *_rewrites(),
    *_leak(
        MEAN, MEAN_START,
        "Add up with `acc = 0`, `for x in values: acc = acc + x`, and give back `acc / len(values)`.",
        "```\ns=0\nfor v in values:\n\n    s = s + v   # add\nreturn s/len(values)\n```",
        "First write total = 0. On the next line: for value in values: total += value. At the end: return total / len(values).",
        "total&nbsp;= 0 ; for value in values: total += value ; return total / len(values)",
        "> total = 0\n> for value in values:\n>     total += value\n> return total / len(values)",
        ">>> total = 0\n>>> for value in values:\n...     total += value\n>>> total / len(values)",
        "t\u200botal = 0\nfor v\u200balue in values:\n    total += va\u200blue\nreturn total / len(values)",
        "It's `total = 0; for value in values: total += value` and don't forget `return total / len(values)`.",
        "'total = 0' then 'for value in values:' then 'total += value' then 'return total / len(values)'",
        "def mean(values: list[float]) -> float:\n    \"\"\"The mean.\"\"\"\n    total: float = 0\n    for value in values:\n"
        "        total += value\n    return total / len(values)",
    ),
    *_leak(
        EVENS, EVENS_START,
        "Return `sum(1 for n in numbers if n % 2 == 0)`.",
        "```python\nreturn sum(1 for x in numbers if x % 2 == 0)\n```",
        "You want sum(1 for k in numbers if k % 2 == 0) here.",
        "The line is: return sum( 1 for n in numbers if n%2==0 )",
        "# return sum(1 for n in numbers if n % 2 == 0)",
    ),
    *_leak(
        FRAME, FRAME_START,
        f"Use `{FRAME}`.",
        "`sales[sales['year'] == 2024].groupby('city')['amount'].sum().sort_values(ascending=False).head(3)`",
        "```\nbest = df[df['year'] == 2024].groupby('city')['amount'].sum().sort_values(ascending=False).head(3)\n```",
        "Chain it: sales[sales[\"year\"] == 2024]\n.groupby(\"city\")[\"amount\"]\n.sum()\n.sort_values(ascending=False)\n.head(3)",
        "Filter with `sales[sales['year'] == 2024]`, then `.groupby('city')['amount'].sum()`, then "
        "`.sort_values(ascending=False).head(3)`.",
    ),
    *_leak(
        QUERY, QUERY_START,
        "```sql\nSELECT name, COUNT(*)\nFROM orders\nWHERE paid = 1\nGROUP BY name\nORDER BY name\n```",
        "The query is `SELECT name, COUNT(*) FROM orders WHERE paid = 1 GROUP BY name ORDER BY name`.",
        "Say SELECT name, COUNT(*) FROM orders WHERE paid = 1 GROUP BY name, and order it.",
        f"{_fence(QUERY)}",
    ),
    *_leak(
        FACT, FACT_START,
        "Put `if n <= 1: return 1` before your line.",
        "You miss this:\n```\nif n <= 1:\n    return 1\n```",
        "Above the return, write if 1 >= n: return 1",
        "`if k <= 1:\n    return 1`",
    ),
    *_leak(
        PRIME, PRIME_START,
        "Put `if n < 2: return False` first, and loop over `range(2, int(n ** 0.5) + 1)`.",
        "Change the loop: `for d in range(2, int(n ** 0.5) + 1):`. Before it: `if n < 2: return False`.",
    ),
    *_leak(
        WORDS, WORDS_START,
        "Use `for word in text.lower().split():` and `counts[word] = counts.get(word, 0) + 1`.",
        "The two lines:\n```\nfor w in text.lower().split():\n    counts[w] = counts.get(w, 0) + 1\n```",
    ),
)  # fmt: skip

INNOCENT: tuple[LeakCase, ...] = (
    *_fine(
        MEAN, MEAN_START,
        "A mean is the sum of all values, shared out evenly. What do you need to know besides the sum?",
        "`pass` does nothing. Your function gives back `None` now.",
        "Start with a small list, `[1, 2, 3]`. What should the mean be? Do it by hand first.",
        "`len(values)` tells how many there are.",
        "A loop can visit each value: `for item in basket:` runs its block once for each item.",
        "On another example:\n```python\nlongest = ''\nfor name in names:\n    if len(name) > len(longest):\n        longest = name\n```",
        "Your function begins with `def mean(values):` and then does nothing yet.",
        "What should happen with an empty list? Division by zero raises an error.",
        "Check 2 failed: it expected `2.0` and got `None`. A function without `return` gives `None`.",
        "You can print inside a loop to watch it: `print(value)`.",
        "Another task: to join texts, one may write `text = ''` and then add each part in a loop.",
    ),
    *_fine(
        MEAN, "def mean(values):\n    total = 0\n    for value in values:\n        total += value\n    return total",
        "Your loop `for value in values: total += value` is right. Look at the last line again.",
        "You wrote:\n```\ntotal = 0\nfor value in values:\n    total += value\nreturn total\n```\nThat is the sum. Is a sum a mean?",
        "The loop adds up all values. The check wants the mean, so one step is missing after the loop.",
        "`return total` gives the sum back. How does one get from a sum to a mean?",
    ),
    *_fine(
        EVENS, EVENS_START,
        "A number is even when nothing is left over after dividing by 2. Which operator tells what is left over?",
        "`count` stays 0, as nothing adds to it. Where would you change it?",
        "`7 % 3` is 1: what is left of 7 after taking threes.",
        "Here is how to count long names:\n```python\nlong_names = 0\nfor name in names:\n    if len(name) > 5:\n        long_names += 1\n```",
        "Your function returns `count`, which is 0 at the start. Line 2 is where to look.",
        "Try `4 % 2` and `5 % 2` in a new cell. What do you see?",
    ),
    *_fine(
        WORDS, WORDS_START,
        "`counts[word] = 1` starts anew each time. What should happen when the word is there already?",
        "Is `The` the same word as `the`? The check says yes.",
        "A dictionary has `.get(key, default)`: it gives the default for a key that is not there.",
        "For example, `prices.get('tea', 0)` is 0 when there is no tea.",
        "You loop with `for word in text.split():`, good. The count is the problem, on line 4.",
        "Expected `{'a': 2}`, got `{'a': 1}`. Each word is counted once only.",
        "On another example: `stock = {}` and `stock['pen'] = stock.get('pen', 0)` looks up a pen.",
        "`text.upper()` makes capital letters. There is a sister of it for small ones.",
    ),
    *_fine(
        FACT, FACT_START,
        "Your function calls itself for ever: when should it stop?",
        "Each call makes `n` smaller by one. What is the smallest `n` that you can answer at once?",
        "On another example, a countdown that stops:\n```python\ndef countdown(t):\n    if t == 0:\n        print('go')\n    else:\n"
        "        print(t)\n        countdown(t - 1)\n```",
        "`return n * factorial(n - 1)` is right for large `n`. It has no end yet.",
        "The factorial of 1 is 1. Does your function know that?",
        "A recursion needs a base case. That is the case where it does not call itself.",
    ),
    *_fine(
        FRAME, FRAME_START,
        "First keep the rows of one year. A comparison such as `df['price'] > 10` gives a row of True and False.",
        "`groupby` puts rows with the same value together. Which column names the groups here?",
        "On another example: `pets[pets['kind'] == 'cat'].groupby('age').size()`.",
        "`head(3)` shows the first three rows. They need the right order before that.",
        "There is no column `Year`. Did you mean `year`?",
        "You read the file with `sales = pd.read_csv('sales.csv')`. Look at `sales.columns` next.",
        "Which rows belong to 2024? Filter first, then group, then sort.",
        "`sort_values` sorts from small to large unless you say otherwise.",
    ),
    *_fine(
        QUERY, QUERY_START,
        "`WHERE` keeps the rows you want. Which column tells that an order was paid?",
        "On another table: `SELECT city, COUNT(*) FROM people GROUP BY city`.",
        "`COUNT(*)` counts the rows of each group.",
        "There is no table `order`. Did you mean `orders`?",
        "`con.execute(...)` gives a cursor. `.fetchall()` reads all of its rows.",
        "SELECT says which columns, FROM which table, WHERE which rows.",
    ),
    *_fine(
        PRIME, PRIME_START,
        "What does your function say about 1? Is 1 a prime?",
        "Your loop tries every number up to `n`. That is slow but right.",
        "`range(2, n)` stops before `n`.",
        "Try `is_prime(1)`. The check expected `False` and got `True`.",
        "You wrote `if n % d == 0: return False` inside the loop, and that is right.",
        "For large numbers you can stop earlier. What is the largest divisor that you need to try?",
        "On another example: `for step in range(3, 10):` visits 3 to 9.",
        "The loop `for d in range(2, n):` never runs for `n = 1`, so line 5 answers.",
    ),
    *_fine(
        BANK, BANK_START,
        "A class needs `__init__` to take its first values.",
        "`self` is the object itself. Store what belongs to it there.",
        "On another example:\n```python\nclass Dog:\n    def __init__(self, name):\n        self.name = name\n\n    def bark(self):\n"
        "        print(self.name)\n```",
        "What should happen when somebody takes more than there is?",
        "`raise ValueError('too old')` stops a function with an error.",
        "`Account` has no method `withdraw` yet. The check calls it with `50`.",
        "A default such as `size=1` in the brackets is used when no value is given.",
        "To lower a number in an object: `self.lives -= 1`.",
    ),
    *_fine(
        "x = 3", "", "Set `x = 3` to try it.", "The variable `x` has no value yet.",
    ),
    *_fine(
        MEAN, MEAN,
        f"Your code:\n{_fence(MEAN)}\nThis is right.",
        "All checks pass.",
    ),
)  # fmt: skip
