"""Submissions to one small task as data: tampering must not pass, correct work must, faults need words."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Check, Compared, Expected, Task, TaskKind
from ltt_collab.model.ids import TaskId
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.validations import Outcome

SHIPPED = Path(__file__).resolve().parents[2] / "ltt_collab"


def notebook_json(*sources: str, task: str = "mean") -> str:
    """A notebook whose code cells are all the task's work."""
    mark = {"ltt_task": {"course": "basics", "task": task, "role": "work"}}
    cells: list[dict[str, object]] = [
        {"id": f"c{number}", "cell_type": "code", "source": source, "metadata": mark, "outputs": [],
         "execution_count": None}
        for number, source in enumerate(sources)
    ]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


def submitted(*sources: str) -> Notebook:
    """A notebook of these cells, as the judge reads it."""
    return read_notebook(notebook_json(*sources), "submitted.ipynb")


MEAN = Task(
    id=TaskId("mean"),
    title="The mean",
    kind=TaskKind.PYTHON,
    notebook=notebook_json("def mean(xs):\n    ..."),
    reference="def mean(xs):\n    if not xs:\n        raise ValueError('nothing')\n    return sum(xs) / len(xs)\n",
    generator=(
        "def lists(random):\n"
        "    for _ in range(6):\n"
        "        yield f'mean({[random.randrange(-99, 99) for _ in range(random.randrange(1, 9))]})'\n"
        "    yield 'mean([])'\n"
    ),
    checks=(
        Check(name="three", compared=Compared.EXPRESSION, subject="mean([1, 2, 6])", expect="3", points=1),
        Check(name="half", compared=Compared.EXPRESSION, subject="mean([1, 2]) == 1.5", expect="True", points=1),
        Check(
            name="fixed", compared=Compared.EXPRESSION, subject="mean([40, 44])", expect="42", hidden=True, points=2
        ),
        Check(
            name="fresh", compared=Compared.EXPRESSION, generate="generate.py::lists", expected=Expected.REFERENCE,
            hidden=True, points=4,
        ),
    ),
    time_limit=12.0,
    memory_limit=256,
)  # fmt: skip

GOOD = "def mean(xs):\n    if not xs:\n        raise ValueError('nothing')\n    return sum(xs) / len(xs)\n"
WRONG = "def mean(xs):\n    return 3\n"

FORGED_ANSWER = """
import builtins, json
real = builtins.eval
def forged(source, *rest):
    return 3 if 'mean' in str(source) else real(source, *rest)
builtins.eval = forged
"""

ATTACKS: dict[str, tuple[str, ...]] = {
    "an object that equals everything": (
        "class Any:\n    def __eq__(self, other): return True\n    def __hash__(self): return 1\n"
        "    def __float__(self): return 3.0\ndef mean(xs): return Any()",
    ),
    "a number class that equals everything": (
        "class Any(float):\n    def __eq__(self, other): return True\n    def __sub__(self, other): return 0\n"
        "    __rsub__ = __sub__\ndef mean(xs): return Any(3)",
    ),
    "a class with another's name, module and class": (
        "class float(object):\n    __module__ = 'builtins'\n    __class__ = int\n"
        "    def __eq__(self, other): return True\n    def __repr__(self): return '3.0'\ndef mean(xs): return float()",
    ),
    "a forged repr": ("class R(str):\n    def __repr__(self): return '42'\ndef mean(xs): return R('x')",),
    "a metaclass that claims to be a number": (
        "class M(type):\n    def mro(cls): return [cls, object]\n    def __instancecheck__(cls, x): return True\n"
        "    def __eq__(cls, other): return True\n    def __hash__(cls): return hash(int)\n"
        "class N(metaclass=M):\n    def __eq__(self, o): return True\ndef mean(xs): return N()",
    ),
    "a patched formatter": (
        WRONG,
        "f = get_ipython().display_formatter.formatters['text/plain']\n"
        'f.for_type(str, lambda value, p, cycle: p.text(repr(\'["x",[["value",["int","3"],"",[]]]]\')))',
    ),
    "patched user_expressions": (
        WRONG,
        "shell = get_ipython()\n"
        "def lie(expressions):\n"
        "    return {k: {'status': 'ok', 'data': {'text/plain': \"'3'\"}, 'metadata': {}} for k in expressions}\n"
        "shell.user_expressions = lie\ntype(shell).user_expressions = lambda self, e: lie(e)",
    ),
    "user_expressions that put their own code in": (
        WRONG,
        "shell = get_ipython()\nreal = shell.user_expressions\n"
        "def swap(expressions):\n"
        "    return real({k: v.replace('mean([', 'abs(3 or [') for k, v in expressions.items()})\n"
        "shell.user_expressions = swap",
    ),
    "an input transformer": (
        WRONG,
        "def drop(lines):\n    return [line for line in lines if 'assert' not in line and 'mean' not in line]\n"
        "get_ipython().input_transformers_cleanup.append(drop)",
    ),
    "sys.exit with success": ("import sys\nsys.exit(0)",),
    "os._exit with success": ("import os\nos._exit(0)",),
    "os._exit in the function": ("def mean(xs):\n    import os\n    os._exit(0)",),
    "patched builtins": (
        WRONG,
        "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.abs = lambda x: 0\n"
        "builtins.all = builtins.any = lambda x: True\nbuiltins.repr = lambda x: '3'\n"
        "builtins.float = builtins.int = lambda *a: 3\nbuiltins.type = lambda *a: int",
    ),
    "a patched eval": (WRONG, FORGED_ANSWER),
    "our side replaced by one that always answers three": (
        WRONG,
        "for name in [n for n in globals() if n.startswith('ltt_')]:\n"
        "    globals()[name] = lambda nonce, subjects: "
        '\'["%s",[%s]]\' % (nonce, \',\'.join([\'["value",["int","3"],"",[]]\'] * len(subjects)))',
    ),
    "our side replaced by one that calls everything true": (
        WRONG,
        "for name in [n for n in globals() if n.startswith('ltt_')]:\n"
        "    globals()[name] = lambda nonce, subjects: "
        "'[\"%s\",[%s]]' % (nonce, ','.join(['[\"passed\",true]'] * len(subjects)))",
    ),
    "the visible inputs hard-coded": ("def mean(xs):\n    return {(1, 2, 6): 3, (1, 2): 1.5}.get(tuple(xs), 0)",),
    "all fixed inputs hard-coded": (
        "def mean(xs):\n    return {(1, 2, 6): 3, (1, 2): 1.5, (40, 44): 42}.get(tuple(xs), 0)",
    ),
    "expected values looked for in memory": (
        "import gc, sys\ndef mean(xs):\n    frame = sys._getframe()\n    while frame:\n"
        "        for value in list(frame.f_locals.values()):\n"
        "            if isinstance(value, dict) and 'expected' in value:\n                return value['expected']\n"
        "        frame = frame.f_back\n"
        "    found = [o for o in gc.get_objects() if isinstance(o, dict) and ('expect' in o or 'reference' in o)]\n"
        "    return found[0].get('expect', 3) if found else 3",
    ),
    "the reference looked for on the disk": (
        "import glob, re\ndef mean(xs):\n"
        f"    tops = ('/tmp', {str(SHIPPED)!r})\n"
        "    for path in [p for top in tops for p in glob.glob(top + '/**/reference.py', recursive=True)]:\n"
        "        scope = {}\n        exec(open(path).read(), scope)\n        return scope['mean'](xs)\n    return 3",
    ),
    "a signal handler and an exit handler that report success": (
        WRONG,
        "import atexit, signal, os\natexit.register(lambda: os._exit(0))\n"
        "signal.signal(signal.SIGINT, lambda *a: os._exit(0))\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)",
    ),
    "patched json and ast": (
        WRONG,
        "import json, ast, _json\njson.dumps = lambda *a, **k: '[]'\nast.literal_eval = lambda x: 3\n"
        "_json.encode_basestring_ascii = lambda s: '\"passed\"'",
    ),
    "replies of one's own on the result channel": (
        WRONG,
        "kernel = get_ipython().kernel\nreal = kernel.session.send\n"
        "def send(stream, kind, content=None, *args, **more):\n"
        "    if kind == 'execute_reply' and content and content.get('user_expressions'):\n"
        "        for key in content['user_expressions']:\n"
        "            content['user_expressions'][key] = {'status': 'ok', 'metadata': {},\n"
        '                \'data\': {\'text/plain\': repr(\'["0",[["value",["int","3"],"",[]]]]\')}}\n'
        "    return real(stream, kind, content, *args, **more)\nkernel.session.send = send",
    ),
    "a verdict printed to every stream": (
        WRONG,
        "import sys\nfor stream in (sys.stdout, sys.stderr, sys.__stdout__):\n"
        '    stream.write(\'{"outcome": "passed", "passed": true, "score": 8}\\n\')',
    ),
    "a NaN": ("def mean(xs): return float('nan')",),
    "an infinity": ("def mean(xs): return float('inf')",),
    "None": ("def mean(xs): return None",),
    "exceptions that claim to be expected": (
        "class ValueError(Exception):\n    pass\ndef mean(xs):\n    if not xs: raise ValueError()\n"
        "    return sum(xs) / len(xs)",
    ),
    "a recursion that eats the judge's stack": (
        "def mean(xs):\n    x = []\n    for _ in range(100000): x = [x]\n    return x",
    ),
    "an endless generator": ("import itertools\ndef mean(xs): return itertools.count()",),
}

VARIANTS: dict[str, tuple[str, ...]] = {
    "as the reference": (GOOD,),
    "a warning on stderr": ("import sys\nprint('careful', file=sys.stderr)\n" + GOOD,),
    "a warning from the library": ("import warnings\nwarnings.warn('old')\n" + GOOD,),
    "prints in the function": (GOOD.replace("    return", "    print('the list', xs)\n    return"),),
    "a flood of prints": ("for i in range(20000): print('line', i)\n" + GOOD,),
    "globals": ("total = 0\ndef mean(xs):\n    global total\n    if not xs: raise ValueError\n    total = sum(xs)\n"
                "    return total / len(xs)",),
    "recursion": ("def add(xs): return xs[0] + add(xs[1:]) if xs else 0\n"
                  "def mean(xs):\n    if not xs: raise ValueError('x')\n    return add(xs) / len(xs)",),
    "a NumPy scalar": ("import numpy as np\ndef mean(xs):\n    if not xs: raise ValueError\n    return np.mean(xs)",),
    "a NumPy scalar of 32 bits": ("import numpy as np\ndef mean(xs):\n    if not xs: raise ValueError\n"
                                  "    return np.float64(np.sum(np.array(xs, dtype=np.int32))) / np.int64(len(xs))",),
    "a generator inside": ("def mean(xs):\n    if not xs: raise ValueError\n"
                           "    return sum(x for x in xs) / sum(1 for _ in xs)",),
    "a lambda": ("def _no(): raise ValueError\nmean = lambda xs: sum(xs) / len(xs) if xs else _no()",),
    "a method": ("class Stats:\n    def mean(self, xs):\n        if not xs: raise ValueError\n"
                 "        return sum(xs) / len(xs)\nmean = Stats().mean",),
    "statistics": ("import statistics\ndef mean(xs):\n    if not xs: raise ValueError\n"
                   "    return statistics.mean(xs)",),
    "a fraction made a float": ("from fractions import Fraction\ndef mean(xs):\n    if not xs: raise ValueError\n"
                                "    return float(Fraction(sum(xs), len(xs)))",),
    "another order of adding": ("def mean(xs):\n    if not xs: raise ValueError\n"
                                "    return sum(x / len(xs) for x in reversed(xs))",),
    "a subclass of the exception": ("class Empty(ValueError): pass\ndef mean(xs):\n    if not xs: raise Empty('no')\n"
                                    "    return sum(xs) / len(xs)",),
    "the argument changed on the way": ("def mean(xs):\n    if not xs: raise ValueError\n    n = len(xs)\n    t = 0\n"
                                        "    while xs: t += xs.pop()\n    return t / n",),
    "spread over cells": ("def total(xs):\n    return sum(xs)", "import math", "def mean(xs):\n"
                          "    if not xs: raise ValueError\n    return total(xs) / len(xs)", ""),
    "defined twice, the last is right": (WRONG, GOOD),
    "an error shown on purpose": (GOOD, "mean([])"),
    "magics and shell lines": ("%matplotlib inline\n!echo hello\n" + GOOD, "%%time\nmean([1, 2])", "mean?"),
    "plots and displays": ("from IPython.display import display, HTML\ndisplay(HTML('<b>hi</b>'))\n" + GOOD,),
    "a cache": ("import functools\n@functools.cache\ndef inner(xs): return sum(xs) / len(xs)\ndef mean(xs):\n"
                "    if not xs: raise ValueError\n    return inner(tuple(xs))",),
    "type hints and a docstring": ("def mean(xs: list[float]) -> float:\n    'The mean.'\n"
                                   "    if not xs: raise ValueError('empty')\n    return sum(xs) / len(xs)",),
    "assert and tests of one's own": (GOOD, "assert mean([2, 4]) == 3"),
    "names of builtins used as variables": ("def mean(list):\n    if not list: raise ValueError\n    sum = 0\n"
                                            "    for int in list: sum += int\n    return sum / len(list)",
                                            "list = [1]\nsum = 3\nlen_ = 1"),
    "a changed recursion limit": ("import sys\nsys.setrecursionlimit(5000)\n" + GOOD,),
    "random numbers and time": ("import random, time\nrandom.seed(1)\ntime.sleep(0.01)\n" + GOOD,),
    "threads": ("import threading\nt = threading.Thread(target=lambda: None)\nt.start()\nt.join()\n" + GOOD,),
    "async cells": ("import asyncio\nawait asyncio.sleep(0)\n" + GOOD,),
    "files of one's own": ("open('notes.txt', 'w').write('x')\n" + GOOD,),
    "a long reply": (GOOD, "list(range(100000))"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A submission that goes wrong: the outcome, and words that the first cause must have."""

    cells: tuple[str, ...]
    outcome: Outcome
    said: tuple[str, ...]
    task: Task = MEAN


QUICK = replace(MEAN, time_limit=2.0, checks=tuple(replace(check, time_limit=1.0) for check in MEAN.checks))

FAULTS: dict[str, Fault] = {
    "a wrong value": Fault(
        cells=("def mean(xs):\n    return xs[0]",), outcome=Outcome.FAILED,
        said=("three", "mean([1, 2, 6])", "expected 3", "got 1"),
    ),
    "a comparison that is false": Fault(
        cells=("def mean(xs):\n    return 3",), outcome=Outcome.FAILED, said=("left side: 3", "right side: 1.5"),
    ),
    "no return": Fault(
        cells=("def mean(xs):\n    sum(xs) / len(xs)",), outcome=Outcome.FAILED, said=("None", "return"),
    ),
    "a syntax error, first of all": Fault(
        cells=("x = 1", "def mean(xs)\n    return 3", "mean([1])"), outcome=Outcome.ERROR,
        said=("SyntaxError", "cell 2", "line 1", "def mean(xs)"),
    ),
    "a bad indent": Fault(
        cells=("def mean(xs):\nreturn 3",), outcome=Outcome.ERROR, said=("IndentationError", "cell 1", "line 2"),
    ),
    "a name that is spelt differently": Fault(
        cells=("def maen(xs):\n    return sum(xs) / len(xs)",), outcome=Outcome.FAILED,
        said=("'mean' is not defined", "Did you mean 'maen'?"),
    ),
    "a name missing in a cell": Fault(
        cells=("values = [1, 2]", "print(vales)", "def mean(xs): return vales"), outcome=Outcome.ERROR,
        said=("NameError", "cell 2", "line 1", "Did you mean 'values'?"),
    ),
    "a name missing in the function": Fault(
        cells=("def mean(xs):\n    return sum(x) / len(xs)",), outcome=Outcome.FAILED,
        said=("'x' is not defined", "line 2", "sum(x)"),
    ),
    "an error in the function": Fault(
        cells=("def mean(xs):\n    return sum(xs) / 0",), outcome=Outcome.FAILED,
        said=("ZeroDivisionError", "line 2", "sum(xs) / 0"),
    ),
    "an endless loop in a cell": Fault(
        cells=("n = 1", "while n > 0:\n    n += 1"), outcome=Outcome.TIMEOUT,
        said=("cell 2", "endless loop", "2 s"), task=QUICK,
    ),
    "an endless loop in the function": Fault(
        cells=("def mean(xs):\n    while True:\n        pass",), outcome=Outcome.TIMEOUT,
        said=("mean([1, 2, 6])", "1 s", "endless loop"), task=QUICK,
    ),
    "a loop that cannot be interrupted": Fault(
        cells=("while True:\n    try:\n        while True: pass\n    except BaseException: pass",),
        outcome=Outcome.TIMEOUT, said=("cell 1", "endless loop"), task=QUICK,
    ),
    "a calculation that cannot be interrupted": Fault(
        cells=("x = 10 ** 10 ** 9",), outcome=Outcome.TIMEOUT, said=("cell 1",), task=QUICK,
    ),
    "output without end": Fault(
        cells=("while True:\n    print('spam' * 50)",), outcome=Outcome.TIMEOUT, said=("cell 1", "endless"), task=QUICK,
    ),
    "a kernel that dies in a cell": Fault(
        cells=(GOOD, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"), outcome=Outcome.KERNEL_DIED,
        said=("cell 2", "died"),
    ),
    "a crash in C": Fault(
        cells=("import ctypes\nctypes.string_at(0)",), outcome=Outcome.KERNEL_DIED, said=("cell 1", "died"),
    ),
    "a kernel that dies in a check": Fault(
        cells=("def mean(xs):\n    import os\n    os._exit(1)",), outcome=Outcome.KERNEL_DIED, said=("three", "died"),
    ),
    "memory in a cell": Fault(
        cells=("x = []\nwhile True:\n    x.append(bytearray(10 ** 7))",), outcome=Outcome.MEMORY,
        said=("cell 1", "memory", "256"),
    ),
    "memory in the function": Fault(
        cells=("def mean(xs):\n    return len(bytearray(10 ** 10))",), outcome=Outcome.MEMORY, said=("MemoryError",),
    ),
    "a missing module": Fault(
        cells=("import seaborn_extra",), outcome=Outcome.ERROR,
        said=("ModuleNotFoundError", "seaborn_extra", "not installed"),
    ),
    "a misspelt module": Fault(
        cells=("import nunpy as np",), outcome=Outcome.ERROR, said=("nunpy", "Did you mean 'numpy'?"),
    ),
    "input() in a cell": Fault(
        cells=("n = int(input('How many? '))", WRONG), outcome=Outcome.ERROR, said=("cell 1", "input()"),
    ),
    "input() in the function": Fault(
        cells=("def mean(xs):\n    return float(input())",), outcome=Outcome.FAILED, said=("three", "input()"),
    ),
    "a missing file": Fault(
        cells=("text = open('data.csv').read()",), outcome=Outcome.ERROR, said=("FileNotFoundError", "data.csv"),
    ),
    "sys.exit in a cell": Fault(
        cells=("import sys", "sys.exit('bye')"), outcome=Outcome.ERROR, said=("cell 2", "exit"),
    ),
    "os._exit in a cell": Fault(
        cells=("import os\nos._exit(0)",), outcome=Outcome.KERNEL_DIED, said=("cell 1", "os._exit"),
    ),
    "recursion without end": Fault(
        cells=("def mean(xs):\n    return mean(xs)",), outcome=Outcome.FAILED, said=("RecursionError", "mean"),
    ),
    "a text instead of a number": Fault(
        cells=("def mean(xs):\n    return str(sum(xs) / len(xs))",), outcome=Outcome.FAILED, said=("text", "'3.0'"),
    ),
    "an empty notebook": Fault(cells=(), outcome=Outcome.FAILED, said=("'mean' is not defined",)),
}  # fmt: skip
