"""Code that is right: any finding about it is a false alarm."""

from __future__ import annotations

VALID_SNIPPETS: tuple[tuple[str, ...], ...] = (
    ("x = 1\ny = x + 2\nprint(y)",),
    ("name = 'Ada'\nprint(f'Hello {name}')",),
    ("xs = [3, 1, 2]\nxs.sort()\nprint(xs)",),
    ("xs = [3, 1, 2]\nys = sorted(xs)\nys",),
    ("s = 'abc'\ns = s.upper()\ns.lower()",),
    ("x = 5\nx == 5",),
    ("total = 0\nfor n in [1, 2, 3]:\n    total += n\nprint(total)",),
    ("i = 0\nwhile i < 3:\n    print(i)\n    i += 1",),
    ("stack = [1, 2]\nwhile stack:\n    print(stack.pop())",),
    ("while True:\n    break",),
    ("n = 10\nwhile n != 1:\n    n = n // 2 if n % 2 == 0 else 3 * n + 1\nprint(n)",),
    (
        (
            "def f():\n    tries = 0\n    while True:\n        tries += 1\n        if tries > 3:\n            return "
            "tries\nf()"
        ),
    ),
    ("done = False\ndef stop():\n    global done\n    done = True\nwhile not done:\n    stop()",),
    ("left, right = 0, 5\nwhile left < right:\n    left, right = left + 1, right - 1",),
    ("queue = [[1]]\nwhile len(queue) > 0:\n    first = queue.pop(0)\n    print(first)",),
    ("def area(w, h):\n    return w * h\nprint(area(2, 3))",),
    ("def greet(name):\n    print('Hi', name)\ngreet('Ada')",),
    (
        (
            "def first_even(xs):\n    for x in xs:\n        if x % 2 == 0:\n            return x\n    return "
            "None\nprint(first_even([1, 2]))"
        ),
    ),
    ("def first(xs):\n    for x in xs:\n        return x\nfirst([1])",),
    (
        (
            "def find(xs, t):\n    for i, x in enumerate(xs):\n        if x == t:\n            return i\n        "
            "else:\n            continue\n    return -1\nfind([1, 2], 2)"
        ),
    ),
    ("def count_up(n):\n    for i in range(n):\n        yield i\nprint(list(count_up(3)))",),
    ("def collect(x, xs=None):\n    if xs is None:\n        xs = []\n    xs.append(x)\n    return xs\ncollect(1)",),
    ("def show(words=['a', 'b']):\n    for w in words:\n        print(w)\nshow()",),
    ("def fact(n):\n    return 1 if n <= 1 else n * fact(n - 1)\nfact(5)",),
    (
        (
            "def check(s):\n    try:\n        int(s)\n    except ValueError:\n        return False\n    return "
            "True\ncheck('3')"
        ),
    ),
    ("xs = [1, 2, 3, 4]\nfor x in list(xs):\n    if x % 2:\n        xs.remove(x)\nprint(xs)",),
    ("xs = [1, 2, 3]\nfor x in xs:\n    if x == 2:\n        xs.remove(x)\n        break\nprint(xs)",),
    ("sum_ = 0\nfor i in range(3):\n    sum_ += i\nsum([1, 2])",),
    ("max = 0\nfor n in [1, 5, 2]:\n    if n > max:\n        max = n\nprint(max)\ndel max",),
    ("ages = {'Ada': 36}\nages['Bo'] = 41\nfor name, age in ages.items():\n    print(name, age)",),
    ("d = {}\nfor w in 'a b a'.split():\n    d[w] = d.get(w, 0) + 1\nd",),
    ("squares = [n ** 2 for n in range(5) if n % 2 == 0]\nsquares",),
    ("pairs = {k: v for k, v in zip('ab', [1, 2])}\npairs",),
    ("import math\nprint(math.sqrt(16))",),
    ("from collections import Counter\nCounter('hello').most_common(1)",),
    ("import random\nrandom.seed(1)\nxs = [1, 2]\nrandom.shuffle(xs)",),
    ("%time x = 3\nprint(x)",),
    ("!echo hello\nx = 1\nx",),
    ("files = !ls\nprint(len(files))",),
    ("%%bash\necho hi",),
    ("%%time\ntotal = sum(range(10))", "print(total)"),
    ("%%capture out\nprint('x')", "print(out.stdout)"),
    ("len?",),
    ("import asyncio\nawait asyncio.sleep(0)\nprint('done')",),
    ("async def f():\n    return 3\nawait f()",),
    ("x = 3", "print(x)", "x + 1"),
    ("def f(a):\n    return g(a) + 1", "def g(a):\n    return a * 2", "f(3)"),
    (
        (
            "class Dog:\n    def __init__(self, name):\n        self.name = name\n    def bark(self):\n        "
            "print(self.name)\nDog('Rex').bark()"
        ),
    ),
    (
        (
            "class Stack:\n    def __init__(self):\n        self.items = []\n    def append(self, x):\n        "
            "self.items.append(x)\n        return self\ns = Stack().append(1)\nt = s.append(2)"
        ),
    ),
    ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int = 0\nP(3)",),
    ("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)",),
    ("with open('made-by-a-test.txt', 'w') as f:\n    f.write('x')\nimport os\nos.remove('made-by-a-test.txt')",),
    ("day = 'Sat'\nif day == 'Sat' or day == 'Sun':\n    print('free')",),
    ("x = 5\nif x in (1, 2) or x > 3:\n    print(x)",),
    ("name = '' or 'nobody'\nprint(name)",),
    ("text = '3'\nif int(text) == 3:\n    print('three')",),
    ("age = '18'\nage = int(age)\nif age == 18:\n    print('ok')",),
    ("x = None\nif x is None:\n    print('none')",),
    ("template = 'Hello {name}'\nprint(template.format(name='Ada'))",),
    ("print('{} and {}'.format(1, 2))\nprint('{0}'.format(3))",),
    ("a, *rest = [1, 2, 3]\nprint(a, rest)",),
    ("a = b = 0\na, b = b, a + 1\nprint(a, b)",),
    ("x = -5\ny = +x\nprint(y)",),
    ("text = '''%not a magic\n!nor this\n'''\nprint(text)",),
    ("print('a' 'b',\n      'c')",),
    ("lam = lambda x: x + 1\nlam(2)",),
    (
        (
            "def outer():\n    n = 0\n    def inner():\n        nonlocal n\n        n += 1\n        return n\n    "
            "return inner\nouter()()"
        ),
    ),
    ("if (n := 3) > 2:\n    print(n)",),
    ("match 3:\n    case 3:\n        print('three')\n    case _:\n        print('other')",),
    ("numbers = [1, 2, 3]\nlast = numbers[-1]\nnumbers[len(numbers) - 1]",),
    ("def setup():\n    pass\nresult = setup()",),
    ("import re\nm = re.search('a', 'cat')\nif m:\n    print(m.group())",),
    ("print(__name__)\ndisplay(3)\n_ = 4",),
    ("def helper(*args, **kwargs):\n    return args, kwargs\nhelper(1, a=2)",),
    ("it = iter([1, 2])\nwhile (x := next(it, None)) is not None:\n    print(x)",),
    ("from math import *\nprint(floor(2.5))",),
    ("   x = 3\n   print(x)",),
    ("\n\n# a comment first\nx = 1\nprint(x)",),
    ("s = 'a,b'\nparts = s.split(',')\nparts.append('c')\n', '.join(parts)",),
    ("matrix = [[0] * 3 for _ in range(3)]\nmatrix[1][2] = 5\nmatrix",),
    ("seen = set()\nfor x in [1, 1, 2]:\n    seen.add(x)\nlen(seen)",),
    ("def log(msg):\n    print(msg)\nfor m in ['a', 'b']:\n    log(m)",),
    ("def main():\n    print('main')\nif __name__ == '__main__':\n    main()",),
    (
        (
            "low, high = 1, 10\nguess = 0\nwhile guess != 7:\n    guess = (low + high) // 2\n    if guess < 7:\n     "
            "   low = guess + 1\n    else:\n        high = guess"
        ),
    ),
)
