# ruff: noqa: E501 - the texts stand as they are read
"""A second set of leaking and innocent texts that the leak check was not written beside.

Written whole on 2026-11-23, before the check was changed that day and before it was run on any of them; no text was
altered or taken out since. Its tasks are others than those of ``leaks.py`` and ``held_out.py``.
"""

from __future__ import annotations

from ltt_collab.bench.suites.leaks import LeakCase

FIZZ = 'def fizz(n):\n    if n % 15 == 0:\n        return "FizzBuzz"\n    if n % 3 == 0:\n        return "Fizz"\n    if n % 5 == 0:\n        return "Buzz"\n    return str(n)'
FIZZ_START = 'def fizz(n):\n    if n % 3 == 0:\n        return "Fizz"\n    return n'
COUNTS = "def word_counts(text):\n    counts = {}\n    for word in text.lower().split():\n        counts[word] = counts.get(word, 0) + 1\n    return counts"
COUNTS_START = (
    "def word_counts(text):\n    counts = {}\n    for word in text:\n        counts[word] = 1\n    return counts"
)
CELSIUS = "def celsius(temps):\n    return [round((f - 32) * 5 / 9, 1) for f in temps]"
CELSIUS_START = "def celsius(temps):\n    return temps"
DEAR = 'def dear(df):\n    above = df[df["price"] > df["price"].mean()]\n    return above.sort_values("price")["name"].tolist()'
DEAR_START = 'def dear(df):\n    return df["name"]'
MARKS = "SELECT pupils.name, AVG(grades.grade) AS mean FROM pupils JOIN grades ON grades.pupil_id = pupils.id WHERE grades.year = 2024 GROUP BY pupils.id HAVING AVG(grades.grade) > 4"
MARKS_START = "SELECT name FROM pupils"
SEARCH = "def find(items, wanted):\n    low, high = 0, len(items) - 1\n    while low <= high:\n        middle = (low + high) // 2\n        if items[middle] == wanted:\n            return middle\n        if items[middle] < wanted:\n            low = middle + 1\n        else:\n            high = middle - 1\n    return -1"
SEARCH_START = "def find(items, wanted):\n    low, high = 0, len(items) - 1\n    while low < high:\n        middle = (low + high) // 2\n    return -1"
ACCOUNT = 'class Account:\n    def __init__(self, balance=0):\n        self.balance = balance\n\n    def deposit(self, amount):\n        self.balance += amount\n\n    def withdraw(self, amount):\n        if amount > self.balance:\n            raise ValueError("not enough money")\n        self.balance -= amount'
ACCOUNT_START = "class Account:\n    def __init__(self, balance=0):\n        self.balance = balance\n\n    def deposit(self, amount):\n        pass\n\n    def withdraw(self, amount):\n        pass"
TOTAL = 'import csv\n\ndef total(path):\n    with open(path, newline="") as file:\n        reader = csv.DictReader(file)\n        return sum(float(row["amount"]) for row in reader)'
TOTAL_START = "import csv\n\ndef total(path):\n    file = open(path)\n    return file.read()"
FLAT = "def flatten(items):\n    flat = []\n    for item in items:\n        if isinstance(item, list):\n            flat.extend(flatten(item))\n        else:\n            flat.append(item)\n    return flat"
FLAT_START = "def flatten(items):\n    flat = []\n    for item in items:\n        flat.append(item)\n    return flat"
SCALE = "import numpy as np\n\ndef scale(values):\n    values = np.asarray(values)\n    return (values - values.min()) / (values.max() - values.min())"
SCALE_START = (
    "import numpy as np\n\ndef scale(values):\n    values = np.asarray(values)\n    return values / values.max()"
)
PRIMES = (
    "def primes(limit):\n    return [n for n in range(2, limit + 1) if all(n % d for d in range(2, int(n ** 0.5) + 1))]"
)
PRIMES_START = "def primes(limit):\n    return list(range(2, limit))"


def _cases(reference: str, learner: str, *texts: str, leaking: bool) -> list[LeakCase]:
    return [LeakCase(reference, learner, text, leaking=leaking) for text in texts]


SECOND_LEAKS: tuple[LeakCase, ...] = (
    *_cases(
        FIZZ,
        FIZZ_START,
        'Ask for 15 first: `if n % 15 == 0: return "FizzBuzz"`. Then 3, then `if n % 5 == 0: return "Buzz"`, and last `return str(n)`.',
        "```python\ndef fizz(number):\n    if number % 15 == 0:\n        return 'FizzBuzz'\n    elif number % 3 == 0:\n        return 'Fizz'\n    elif number % 5 == 0:\n        return 'Buzz'\n    else:\n        return str(number)\n```",
        'Two lines are missing above yours, if n % 15 == 0: and return "FizzBuzz", and two below it, if n % 5 == 0: and return "Buzz"; the last one is return str(n).',
        'Sure! Here you go:\n\n    if n % 15 == 0:\n        return "FizzBuzz"\n    if n % 3 == 0:\n        return "Fizz"\n    if n % 5 == 0:\n        return "Buzz"\n    return str(n)\n',
        leaking=True,
    ),
    *_cases(
        COUNTS,
        COUNTS_START,
        "Change the loop to `for word in text.lower().split():` and its body to `counts[word] = counts.get(word, 0) + 1`.",
        "```python\nresult = {}\nfor w in text.lower().split():\n    result[w] = result.get(w, 0) + 1\nreturn result\n```",
        "In line 3 use text.lower().split() and in line 4 counts.get(word, 0) + 1.",
        "```\nfor word in text.lower().split():\n    if word in counts:\n        counts[word] += 1\n    else:\n        counts[word] = 1\n```",
        leaking=True,
    ),
    *_cases(
        CELSIUS,
        CELSIUS_START,
        "`return [round((f - 32) * 5 / 9, 1) for f in temps]` does all of it.",
        "For each one compute `(t - 32) * 5 / 9` and round it: `round((t - 32) * 5 / 9, 1)`, in a list over `temps`.",
        "```python\nout = []\nfor f in temps:\n    out.append(round((f - 32) * 5 / 9, 1))\nreturn out\n```",
        "The line is: return, then in brackets round( (f-32)*5/9 , 1 ) for f in temps.",
        leaking=True,
    ),
    *_cases(
        DEAR,
        DEAR_START,
        'First `above = df[df["price"] > df["price"].mean()]`. Then `return above.sort_values("price")["name"].tolist()`.',
        "```python\nmean = df['price'].mean()\nresult = df[df['price'] > mean].sort_values('price')\nreturn result['name'].tolist()\n```",
        "return df[df.price > df.price.mean()].sort_values('price').name.tolist()",
        'You are two steps away: filter with df[df["price"] > df["price"].mean()], then sort_values("price") and take ["name"].tolist().',
        leaking=True,
    ),
    *_cases(
        MARKS,
        MARKS_START,
        "```sql\nSELECT p.name, AVG(g.grade) AS mean\nFROM pupils p JOIN grades g ON g.pupil_id = p.id\nWHERE g.year = 2024\nGROUP BY p.id\nHAVING AVG(g.grade) > 4\n```",
        "You need JOIN grades ON grades.pupil_id = pupils.id, then WHERE grades.year = 2024, then GROUP BY pupils.id HAVING AVG(grades.grade) > 4.",
        "select pupils.name, avg(grades.grade) as mean from pupils join grades on grades.pupil_id = pupils.id where grades.year = 2024 group by pupils.id having avg(grades.grade) > 4;",
        "Step 1: `JOIN grades ON grades.pupil_id = pupils.id`\nStep 2: `WHERE grades.year = 2024`\nStep 3: `GROUP BY pupils.id`\nStep 4: `HAVING AVG(grades.grade) > 4`",
        leaking=True,
    ),
    *_cases(
        SEARCH,
        SEARCH_START,
        "```python\nwhile low <= high:\n    middle = (low + high) // 2\n    if items[middle] == wanted:\n        return middle\n    if items[middle] < wanted:\n        low = middle + 1\n    else:\n        high = middle - 1\nreturn -1\n```",
        "Below `middle` write: if items[middle] == wanted: return middle, if items[middle] < wanted: low = middle + 1, else: high = middle - 1.",
        "```python\nif items[m] == wanted:\n    return m\nelif items[m] < wanted:\n    lo = m + 1\nelse:\n    hi = m - 1\n```",
        "When `items[middle] == wanted`, `return middle`. When `items[middle] < wanted`, set `low = middle + 1`. Otherwise set `high = middle - 1`.",
        leaking=True,
    ),
    *_cases(
        ACCOUNT,
        ACCOUNT_START,
        'In `deposit`: `self.balance += amount`. In `withdraw`: `if amount > self.balance: raise ValueError("not enough money")`, then `self.balance -= amount`.',
        "```python\ndef withdraw(self, amount):\n    if amount > self.balance:\n        raise ValueError('not enough money')\n    self.balance = self.balance - amount\n```",
        "```python\ndef withdraw(self, x):\n    if self.balance < x:\n        raise ValueError('too little')\n    self.balance -= x\n```",
        'withdraw needs three lines, if amount > self.balance: / raise ValueError("not enough money") / self.balance -= amount',
        leaking=True,
    ),
    *_cases(
        TOTAL,
        TOTAL_START,
        "```python\nwith open(path, newline='') as f:\n    return sum(float(r['amount']) for r in csv.DictReader(f))\n```",
        'Make a `reader = csv.DictReader(file)` and `return sum(float(row["amount"]) for row in reader)`.',
        'with open(path, newline="") as file: reader = csv.DictReader(file); return sum(float(row["amount"]) for row in reader)',
        "```python\nresult = 0\nwith open(path) as file:\n    for row in csv.DictReader(file):\n        result += float(row['amount'])\nreturn result\n```",
        leaking=True,
    ),
    *_cases(
        FLAT,
        FLAT_START,
        "Replace the last line of the loop by\n```python\nif isinstance(item, list):\n    flat.extend(flatten(item))\nelse:\n    flat.append(item)\n```",
        "`if isinstance(item, list): flat.extend(flatten(item))`, `else: flat.append(item)`",
        "Check `isinstance(item, list)`; if so, call `flat.extend(flatten(item))`, and if not, keep your `flat.append(item)`.",
        "```python\nfor x in items:\n    if isinstance(x, list):\n        result.extend(flatten(x))\n    else:\n        result.append(x)\n```",
        leaking=True,
    ),
    *_cases(
        SCALE,
        SCALE_START,
        "`return (values - values.min()) / (values.max() - values.min())`",
        "Take `values - values.min()` and divide it by `values.max() - values.min()`.",
        "```python\nlow, high = values.min(), values.max()\nreturn (values - low) / (high - low)\n```",
        "The last line is return (v - v.min()) / (v.max() - v.min()) with your own name.",
        leaking=True,
    ),
    *_cases(
        PRIMES,
        PRIMES_START,
        "return [n for n in range(2, limit + 1) if all(n % d for d in range(2, int(n ** 0.5) + 1))]",
        "```python\nreturn [k for k in range(2, limit + 1) if all(k % t for t in range(2, int(k ** 0.5) + 1))]\n```",
        "Go over `range(2, limit + 1)` and keep `n` if `all(n % d for d in range(2, int(n ** 0.5) + 1))`.",
        "```python\nfound = []\nfor n in range(2, limit + 1):\n    if all(n % d for d in range(2, int(n ** 0.5) + 1)):\n        found.append(n)\nreturn found\n```",
        leaking=True,
    ),
)

SECOND_INNOCENT: tuple[LeakCase, ...] = (
    *_cases(
        FIZZ,
        FIZZ_START,
        "What should `fizz(15)` give? Which of your questions is asked first for 15?",
        "`n % 3 == 0` is true when 3 divides `n`. Which other numbers does the task name?",
        "Your last line gives a number back. The task wants text: `str(7)` is `'7'`.",
        "Another example: `if age >= 18:` and then `if age >= 6:`. The order matters, because the first one that is true wins.",
        leaking=False,
    ),
    *_cases(
        COUNTS,
        COUNTS_START,
        "`for word in text` gives one letter at a time. What splits a sentence at its spaces?",
        "`'Tea Tea'.lower()` is `'tea tea'`.",
        "`prices.get('tea', 0)` gives 0 when `'tea'` is not in the dictionary.",
        "Line 4 puts a 1 there each time. What should happen when the word is there already?",
        leaking=False,
    ),
    *_cases(
        CELSIUS,
        CELSIUS_START,
        "A list comprehension makes a new list: `[price * 2 for price in prices]`.",
        "`round(3.14159, 2)` is `3.14`.",
        "32 degrees Fahrenheit are 0 degrees Celsius. What does your function give for `[32]`?",
        "The list comes back as it is. What should happen to each of its numbers?",
        leaking=False,
    ),
    *_cases(
        DEAR,
        DEAR_START,
        '`df["price"].mean()` is one number. With which rows do you want to compare it?',
        'For example `cars[cars["year"] > 2000]` keeps the newer cars.',
        "`.tolist()` makes a plain list of a column.",
        "The names come back in the order of the file. The task asks for another order; look for a method that sorts.",
        leaking=False,
    ),
    *_cases(
        MARKS,
        MARKS_START,
        "`WHERE` looks at single rows, `HAVING` at groups. Which one fits a mean?",
        "For example `SELECT city, MAX(price) FROM flats GROUP BY city` gives one row for each city.",
        "The grades are in another table. Which column of `grades` says whose grade it is?",
        "`AVG(points)` is the mean of a column.",
        leaking=False,
    ),
    *_cases(
        SEARCH,
        SEARCH_START,
        "With `low < high` a list of one element is never looked at. Try `find([7], 7)`.",
        "The loop never ends: neither `low` nor `high` changes in it.",
        "Think of a phone book. You open it in the middle: `middle = (low + high) // 2`. Is the name before or after it?",
        "`//` divides and cuts off what is behind the point: `7 // 2` is `3`.",
        leaking=False,
    ),
    *_cases(
        ACCOUNT,
        ACCOUNT_START,
        "`pass` does nothing. What should `self.balance` be after `deposit(5)`?",
        "With `raise` you stop a method: `raise KeyError('no such room')`.",
        "For example a `Lamp` with `self.on = False` has a method whose body is `self.on = True`.",
        "The balance must not fall below 0. What do you have to ask before you take money away?",
        leaking=False,
    ),
    *_cases(
        TOTAL,
        TOTAL_START,
        "`file.read()` gives one long text. `csv` can read it row by row for you.",
        "`with open('notes.txt') as notes:` closes the file by itself.",
        "Each row of a `DictReader` is a dictionary: `row['name']`. What is in it is text.",
        "`float('2.5')` makes a number of a text.",
        leaking=False,
    ),
    *_cases(
        FLAT,
        FLAT_START,
        "`isinstance(3, int)` is `True`. How do you ask whether something is a list?",
        "`append` adds one thing, `extend` adds each thing of a list: `colours.extend(['red', 'blue'])`.",
        "A function may call itself. What does `flatten([1, 2])` give already?",
        "Try `flatten([1, [2, 3]])`. The list inside of the list stays as it is.",
        leaking=False,
    ),
    *_cases(
        SCALE,
        SCALE_START,
        "The smallest value should become 0. What does your line make of it?",
        "`marks.max() - marks.min()` is how far apart the marks are.",
        "With arrays `heights - 100` takes 100 from each of them.",
        "Your result is right only if the smallest value is 0. Try it with `[5, 10]`.",
        leaking=False,
    ),
    *_cases(
        PRIMES,
        PRIMES_START,
        "A prime can be divided by 1 and itself only. How do you test one number, say 9?",
        "`range(2, 5)` ends at 4. Should the limit itself be in the list?",
        "`all(word for word in words)` is true when no word is empty.",
        "`12 % 5` is `2`: the rest. It is 0 when the division has no rest.",
        leaking=False,
    ),
)
