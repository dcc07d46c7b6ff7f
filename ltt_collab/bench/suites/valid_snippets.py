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
    ("def process(data):\n    data.sort()\n    data.append(3)\n    return data\nprint(process([2,1]))",),
    ("counter = 0\ndef inc():\n    global counter\n    counter += 1\ninc()\nprint(counter)",),
    (
        (
            "import threading, time\nflag = [True]\ndef w():\n    flag[0] = False\nt = "
            "threading.Thread(target=w)\nt.start()\nwhile flag[0]:\n    time.sleep(0.01)"
        ),
    ),
    ("text = 'hello'\nfor ch in text:\n    if ch == 'l':\n        continue\n    print(ch)",),
    (
        (
            "def is_prime(n):\n    if n < 2:\n        return False\n    for i in range(2, n):\n        if n % i "
            "== 0:\n            return False\n    return True\nis_prime(7)"
        ),
    ),
    ("s = 'a'\ns == 'a' and print('yes')",),
    ("try:\n    x = int('a')\nexcept ValueError:\n    x = 0\nx",),
    ("def f():\n    '''doc'''\n    return 1\nf()\nf()",),
    ("import string\nstring.ascii_lowercase\nx = 1",),
    ("[print(i) for i in range(3)]\nx = 2",),
    ("a = [1,2]\nb = a.copy()\nb.append(3)\na, b",),
    ("from itertools import count\nfor i in count():\n    if i > 3: break\n",),
    ("def gcd(a, b):\n    while b:\n        a, b = b, a % b\n    return a\ngcd(12, 8)",),
    (
        (
            "def bisect(f, lo, hi):\n    while hi - lo > 0.1:\n        mid = (lo + hi) / 2\n        if f(mid) > "
            "0:\n            hi = mid\n        else:\n            lo = mid\n    return lo\nbisect(lambda x: x-1, "
            "0, 3)"
        ),
    ),
    ("xs = [5,3]\nwhile len(xs) < 5:\n    xs.append(1)\nxs",),
    ("xs = []\nwhile len(xs) < 3:\n    xs += [1]\n",),
    ("d = {}\nwhile 'a' not in d:\n    d['a'] = 1\n",),
    ("class N:\n    def __init__(s): s.next=None\nnode = N()\nwhile node:\n    node = node.next",),
    ("class C:\n    n = 3\n    def run(self):\n        while self.n > 0:\n            self.n -= 1\nC().run()",),
    ("import random\nrandom.seed(0)\nguess = None\nwhile guess != 3:\n    guess = random.randint(1,3)\n",),
    ("def add_to(d, k):\n    d[k] = 1\ndata = {}\nadd_to(data, 'x')\nprint(data)",),
    ("r = print('x')",),
    (
        (
            "def f(x, cache={}):\n    if x in cache:\n        return cache[x]\n    cache[x] = x * 2\n    return "
            "cache[x]\nf(2)"
        ),
    ),
    ("def f():\n    print('x')\nif f() is None:\n    print('ok')",),
    ("y = (lambda: None)()\nprint(y)",),
    (
        (
            "def outer(f):\n    def inner(*a):\n        return f(*a)\n    return inner\n@outer\ndef g(x):\n    "
            "return x\ng(3)"
        ),
    ),
    ("x = 3\nx == 3 or print('no')\nx",),
    ("import datetime\ndatetime.datetime(2020,1,1).replace(year=2021)\nx = 1",),
    ("id = 5\nprint(id)",),
    ("type = 'a'\nprint(type)",),
    ("list_ = list(range(3))\nlist_",),
    ("def f(list):\n    return len(list)\nf([1])",),
    ("for i in range(3): pass\nelse: print('x')",),
    ("x = 10\nassert x == 10\nassert isinstance(x, int), 'msg'",),
    ("name='x'\nprint('{name}'.format(name=name))",),
    ("import json\nname = 'x'\nprint('{\"name\": 1}')",),
    ("x = 'a'; y = 'b'\nprint(x, y, sep='')",),
    ("def f(n):\n    if n == 0:\n        return\n    print(n)\n    f(n-1)\nf(2)",),
    ("a = 5\na\nb = 6\nb",),
    ("'hello'.upper()\n'x'",),
    ("5 + 3\n2 * 4",),
    ("s = 'abc'\nfor i in range(len(s)):\n    print(s[i])",),
    ("out = []\nfor i in range(3):\n    out.append(i)\nelse:\n    out.append(9)\nout",),
    ("import os\nos.path.join('a','b')\nos.getcwd()",),
    ("x: int = 3\nprint(x)",),
    ("def f(x: int) -> str:\n    return str(x)\nf(1)",),
    ("from typing import List\ndef f(x: List[int]): return sum(x)\nf([1])",),
    ("with open('t.txt','w') as fh: fh.write('a')\nimport os; os.remove('t.txt')",),
    ("a = {1,2}\na.add(3)\na.discard(1)\na",),
    (
        (
            "def search(xs, x):\n    for v in xs:\n        if v == x:\n            return True\n    return "
            "False\nsearch([1],1)"
        ),
    ),
    (
        (
            "def f(xs):\n    for x in xs:\n        try:\n            return int(x)\n        except ValueError:\n "
            "           pass\nf(['a','1'])"
        ),
    ),
    (
        (
            "def f():\n    while True:\n        try:\n            n = 5\n        except ValueError:\n            "
            "print('x')\n        else:\n            return n\nf()"
        ),
    ),
    ("n = 5\nresult = 1\nwhile n > 0: result *= n; n -= 1\nresult",),
    ("s = {'a': 1}\nfor k in list(s): s.pop(k)\ns",),
    ("import re\nre.sub('a','b','cat')",),
    ("t = (1,)\nprint(t + (2,))",),
    ("sum(x for x in range(3) if x)",),
    ("def f(a, /, b, *, c): return a+b+c\nf(1, 2, c=3)",),
    ("x = 1 if True else 2\nprint(x is not None)",),
    ("import sys\nprint(sys.version_info >= (3, 8))",),
    ("nums = [1,2,3]\nnums[0] == 1",),
    ("def show(x):\n    print(x)\nlist(map(show, [1,2]))",),
    ("def cb(): print('x')\nhandlers = {'a': cb}\nhandlers['a']()",),
    ("print('50% done')\nx = 50 % 7",),
    ("# %%\nx = 1",),
    ("x = 5 # why?\ny = 'what?'",),
    ("x = y = []\nx.append(1)\ny",),
    ("word = 'level'\nword == word[::-1]",),
    ("i = 5\nwhile i:\n    i -= 1",),
    (
        (
            "low = 0\nhigh = 10\nwhile low <= high:\n    mid = (low+high)//2\n    if mid == 7: break\n    elif "
            "mid < 7: low = mid+1\n    else: high = mid-1"
        ),
    ),
)
