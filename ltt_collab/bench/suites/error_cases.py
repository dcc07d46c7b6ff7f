"""What novices do, and what the rules must say: each case is run on a real kernel by the tests and the bench."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCase:
    """``cells`` are run in ``order``; cell ``at`` must get a finding of ``kind`` at ``line`` that says ``word``."""

    cells: tuple[str, ...]
    kind: str
    line: int
    word: str
    at: int = -1
    order: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.cells[self.at][:50]!r}"


def _one(source: str, kind: str, line: int, word: str) -> ErrorCase:
    return ErrorCase((source,), kind, line, word)


_SYNTAX = (
    _one("x = 1\nprint('a'", "unclosed_bracket", 2, "`(`"),
    _one("x = [1, 2\ny = 3\nprint(x)", "unclosed_bracket", 1, "`[`"),
    _one("ages = {'Ada': 36,\n        'Bo': 41\nprint(ages)", "unclosed_bracket", 1, "`{`"),
    _one("if (1 == 1:\n    print(2)", "unclosed_bracket", 1, "`(`"),
    _one("print(max(3, 7)\nprint('x')", "unclosed_bracket", 1, "never closed"),
    _one("a = 5\nb = a + 1)\n", "unmatched_bracket", 2, "`)`"),
    _one("x = [1, 2)", "unmatched_bracket", 1, "own kind"),
    _one("s = 'abc\nprint(s)", "unclosed_string", 1, "`'`"),
    _one("print('it's me')", "unclosed_string", 1, "apostrophe"),
    _one('text = """abc\nprint(text)', "unclosed_string", 1, '`"""`'),
    _one("\n\nprint('a)", "unclosed_string", 3, "`'`"),
    _one("print(“hi”)", "invalid_character", 1, "curly"),
    _one("x\u00a0= 3", "invalid_character", 1, "invisible"),
    _one("for i in range(3)\n    print(i)", "missing_colon", 1, "`for`"),
    _one("x = 3\nif x > 2\n    print(x)", "missing_colon", 2, "`if`"),
    _one("def area(w)\n    return w", "missing_colon", 1, "colon"),
    _one("while True print(1)", "missing_colon", 1, "colon"),
    _one("x = 3\nif x = 3:\n    pass", "assignment_instead_of_comparison", 2, "`==`"),
    _one("4 + 5 = total", "bad_assignment_target", 1, "calculation"),
    _one("True = 3", "reserved_word", 1, "`True`"),
    _one("class = 3", "reserved_word", 1, "`class`"),
    _one("for lambda in [1]:\n    pass", "reserved_word", 1, "`lambda`"),
    _one("print 'hi'", "print_without_parentheses", 1, "parentheses"),
    _one("if True:\nprint(1)", "missing_indent", 2, "Line 1"),
    _one("\n\ndef f():\npass", "missing_indent", 4, "Line 3"),
    _one("x = 1\n   y = 2", "unexpected_indent", 2, "indented"),
    _one("if True:\n        x = 1\n    y = 2", "uneven_indent", 3, "column"),
    _one("if True:\n    x = 1\n\ty = 2", "tabs_and_spaces", 3, "tab"),
    _one("for i in range(3):", "empty_block", 1, "colon"),
    _one("name = 'a'\nprint(f'{name')", "broken_fstring", 2, "`}`"),
    _one("whlie True:\n    break", "misspelt_keyword", 1, "`while`"),
    _one("If 3 > 2:\n    print(1)", "misspelt_keyword", 1, "`if`"),
    _one("x = 1\nif x:\n    pass\nelse if x > 2:\n    pass", "misspelt_keyword", 4, "`elif`"),
    _one("i = 0\ni++", "other_language", 2, "`count += 1`"),
    _one("x = y = 1\nif x && y:\n    pass", "other_language", 2, "`and`"),
    _one("x = 1\nif x => 3:\n    pass", "other_language", 2, "`>=`"),
    _one("int x = 3", "other_language", 1, "`count = 3`"),
    _one("x = 08", "bad_number", 1, "zero"),
    _one("2nd = 5", "bad_number", 1, "digit"),
    _one("return 3", "outside_function", 1, "function"),
    _one("x = 1\nbreak", "outside_loop", 2, "loop"),
    _one("x = 3\nprint(x)\nelse:\n    print(2)", "branch_without_start", 3, "`if`"),
    _one("try:\n    x = 1\nprint(2)", "try_without_except", 3, "`except`"),
    _one("def f(a=1, b):\n    pass", "argument_order", 1, "default"),
    _one("print(sep='', 'a')", "argument_order", 1, "`name=value`"),
    _one("print('a' 3)", "missing_comma", 1, "comma"),
    _one("x = 1\ny = x +", "missing_operand", 2, "`+`"),
    _one("x = {1: 2, 3}", "missing_colon", 1, "dictionary"),
    _one("path = 'C:\\Users\\me'", "bad_escape", 1, "backslash"),
    _one("%matplotlib_does_not_matter = 3\nx = = 3", "syntax_error", 2, "Line 2"),
)

_NAMES = (
    _one("total = 3\nprint(totl)", "misspelt_name", 2, "`total`"),
    _one("Name = 'Ada'\nprint(name)", "misspelt_name", 2, "`Name`"),
    ErrorCase(("prices = [1, 2]", "print(price)"), "misspelt_name", 1, "`prices`"),
    _one("pritn('x')", "misspelt_name", 1, "`print`"),
    _one("def f(width):\n    return widht * 2\nf(3)", "misspelt_name", 2, "`width`"),
    _one("print(elephant)", "missing_quotes", 1, "quotes"),
    _one("y = elephant + 1", "undefined_name", 1, "`elephant`"),
    ErrorCase(("rate = 0.2", "print(rate * 50)"), "cell_not_run", 1, "has not been run", order=(1,)),
    ErrorCase(("print(rate * 50)", "rate = 0.2"), "cell_not_run", 1, "below", at=0, order=(0,)),
    ErrorCase(("print(rate * 50)", "rate = 0.2"), "cell_not_run", 1, "only after", at=0),
    ErrorCase(("rate = 1 / 0", "print(rate)"), "cell_not_run", 1, "error of its own"),
    _one("print(speed)\nspeed = 3", "name_used_too_early", 1, "line 2"),
    _one("count = count + 1", "name_used_too_early", 1, "right side"),
    _one("x = math.sqrt(4)", "missing_import", 1, "`math`"),
    _one("arr = np.array([1])", "missing_import", 1, "`numpy`"),
    _one("x = sqrt(4)", "missing_import", 1, "`math`"),
    _one("n = 0\ndef bump():\n    n = n + 1\nbump()", "unbound_local", 3, "`bump`"),
)

_TYPES = (
    _one("age = 3\nprint('Age: ' + age)", "mixed_text_and_number", 2, "`age`"),
    _one("a = '3'\nb = 4\nc = b + a", "mixed_text_and_number", 3, "`a`"),
    _one("words = ['a', 'b']\nsum(words)", "mixed_text_and_number", 2, "`sum`"),
    _one("x = '5'\nif x > 3:\n    print(x)", "mixed_text_and_number", 2, "`x`"),
    _one("xs = [3, 1]\nxs = xs.sort()\nprint(xs[0])", "none_value", 3, "`sort`"),
    _one("def area(w):\n    w * 2\nprint(area(3) + 1)", "none_value", 3, "`area`"),
    _one("y = print('a')\ny + 1", "none_value", 2, "`print`"),
    ErrorCase(("def area(w):\n    w * 2", "x = area(3)\nx / 2"), "none_value", 2, "no `return`"),
    _one("x = 5\nx(3)", "not_callable", 2, "`x`"),
    _one("y = 3 (4 + 1)", "not_callable", 1, "sign"),
    _one("import random\nrandom(1, 6)", "not_callable", 2, "module"),
    _one("list = [1, 2]\nxs = list((3, 4))", "shadowed_builtin", 2, "`list`"),
    ErrorCase(("max = 7", "max(3, 4)"), "shadowed_builtin", 1, "Python's own"),
    _one("xs = [1, 2]\nxs(0)", "not_callable", 2, "a list"),
    _one("def area(w, h):\n    return w * h\narea(3)", "missing_argument", 3, "`h`"),
    _one("def area(w, h):\n    return w * h\narea(3, 4, 5)", "extra_argument", 3, "line 1"),
    ErrorCase(("def area(w, h):\n    return w * h", "x = 1\narea(3)"), "missing_argument", 2, "`area`"),
    _one("class Dog:\n    def bark():\n        print('wuff')\nDog().bark()", "extra_argument", 4, "`self`"),
    _one("len()", "missing_argument", 1, "`len`"),
    _one("len([1], [2])", "extra_argument", 1, "`len`"),
    _one("print('a', seperator='-')", "unknown_argument", 1, "`seperator`"),
    _one("def area(width):\n    return width\narea(widht=3)", "unknown_argument", 3, "`width`"),
    _one("x = [1, 2] + (3, 4)", "unsupported_operand", 1, "a list"),
    _one("x = [1, 2] - [1]", "unsupported_operand", 1, "`-`"),
    _one("d = {[1, 2]: 'a'}", "unhashable", 1, "a list"),
    _one("for i in 5:\n    print(i)", "not_iterable", 1, "`range`"),
    _one("x = 5\nprint(len(x))", "not_iterable", 2, "whole number"),
    _one("a, b = 5", "not_iterable", 1, "whole number"),
    _one("x = 5\nprint(x[0])", "not_subscriptable", 2, "`x`"),
    _one("print[3]", "not_subscriptable", 1, "parentheses"),
    _one("word = 'cat'\nword[0] = 'b'", "immutable_value", 2, "`word`"),
    _one("names = ['a', 'b']\nfor name in names:\n    print(names[name])", "bad_index_type", 3, "`name`"),
    _one("xs = [1, 2, 3]\nxs[len(xs) / 2]", "bad_index_type", 2, "division"),
    _one("range('3')", "wrong_argument_type", 1, "text"),
    _one("', '.join([1, 2])", "wrong_argument_type", 1, "number"),
)

_LOOKUPS = (
    _one("xs = [1, 2, 3]\nprint(xs[3])", "index_out_of_range", 2, "3 items"),
    _one("xs = [1, 2, 3]\nfor i in range(len(xs) + 1):\n    print(xs[i])", "index_out_of_range", 3, "line 2"),
    _one("xs = [1, 2]\ni = 0\nwhile i <= len(xs):\n    x = xs[i]\n    i += 1", "index_out_of_range", 4, "`<=`"),
    _one("xs = [4, 5]\nxs[len(xs)]", "index_out_of_range", 2, "`len(xs)`"),
    _one("word = 'cat'\nword[5]", "index_out_of_range", 2, "`word`"),
    _one("xs = []\nxs.pop()", "empty_sequence", 2, "empty"),
    _one("ages = {'Ada': 36, 'Bo': 41}\nages['ada']", "missing_key", 2, "'Ada'"),
    _one("d = {1: 'a'}\nd['1']", "missing_key", 2, "different keys"),
    _one("def get(k):\n    return {'x': 1}[k]\nget('y')", "missing_key", 2, "'y'"),
    _one("s = 'abc'\ns.uper()", "missing_attribute", 2, "`upper`"),
    _one("xs = [1]\nxs.push(2)", "missing_attribute", 2, "`append`"),
    _one("t = (1, 2)\nt.append(3)", "missing_attribute", 2, "a tuple"),
    _one("x = 5\nx.append(3)", "missing_attribute", 2, "a list"),
    _one("class Dog:\n    def bark(self):\n        pass\nDog().brak()", "missing_attribute", 4, "`bark`"),
    _one("xs = [2, 1].sort()\nxs.append(3)", "none_value", 2, "`sort`"),
    _one("import math\nmath.squareroot(4)", "missing_module_attribute", 2, "`math`"),
    _one("import random\nrandom.randnit(1, 6)", "missing_module_attribute", 2, "`randint`"),
)

_VALUES = (
    _one("n = int('abc')", "bad_number_text", 1, "digits"),
    _one("n = int('3.5')", "bad_number_text", 1, "decimal"),
    _one("x = float('1,5')", "bad_number_text", 1, "comma"),
    _one("a, b = [1, 2, 3]", "unpack_count", 1, "2 names"),
    _one("a, b, c = (1, 2)", "unpack_count", 1, "3 names"),
    _one("xs = [1, 2]\nxs.remove(5)", "value_not_found", 2, "`xs`"),
    _one("['a'].index('b')", "value_not_found", 1, "not in"),
    _one("import math\nmath.sqrt(-1)", "out_of_domain", 2, "square root"),
    _one("max([])", "empty_sequence", 1, "no item"),
    _one("x = 0\nprint(10 / x)", "zero_division", 2, "`x`"),
    _one("xs = []\nprint(sum(xs) / len(xs))", "zero_division", 2, "empty"),
    ErrorCase(("def mean(xs):\n    return sum(xs) / len(xs)", "a = 1\nmean([])"), "zero_division", 2, "`mean`"),
    _one("10.0 ** 400", "overflow", 1, "too large"),
    _one("import panda", "misspelt_module", 1, "`pandas`"),
    _one("import maths", "misspelt_module", 1, "`math`"),
    _one("import tensorflow", "module_not_found", 1, "not installed"),
    _one("from math import sqroot", "import_name", 1, "`sqrt`"),
    _one("open('no_such_file.csv')", "file_not_found", 1, "no_such_file.csv"),
    _one("def f(n):\n    return f(n - 1)\nf(3)", "endless_recursion", 2, "base case"),
    _one(
        "def f(n):\n    if n == 0:\n        return 0\n    return f(n + 1)\nf(3)",
        "endless_recursion",
        4,
        "never reached",
    ),
    _one("def add(a, b):\n    return a - b\nassert add(2, 2) == 4", "assertion_failed", 3, "`add(2, 2)`"),
    _one("assert 2 > 3, 'too small'", "assertion_failed", 1, "too small"),
    _one("it = iter([1])\nnext(it)\nnext(it)", "stop_iteration", 3, "next"),
    _one("'{} {}'.format(1)", "missing_argument", 1, "braces"),
    _one("d = {'a': 1}\nfor k in d:\n    del d[k]", "changed_while_looping", 2, "loop"),
    _one("name = input('?')", "stdin_not_implemented_error", 1, "`input`"),
    _one("import datetime\ndatetime.now()", "missing_module_attribute", 2, "class"),
    _one("def f():\n    size = 1\nf()\nprint(size)", "undefined_name", 4, "`f`"),
    _one("'5' * '3'", "unsupported_operand", 1, "`*`"),
    _one("abs('3')", "wrong_argument_type", 1, "text"),
    _one("5 + None", "none_value", 1, "written there"),
    _one("for a, b in [1, 2]:\n    print(a)", "not_iterable", 1, "An item"),
    _one("class A:\n    def __init__(self, x):\n        self.x = x\nA()", "missing_argument", 4, "`A`"),
    _one("my name = 'x'", "space_in_name", 1, "one word"),
    _one("x = [i for i in range(3) if i = 2]", "assignment_instead_of_comparison", 1, "`==`"),
    _one("def f():\n    print(y)\n    global y\nf()", "late_declaration", 3, "`y`"),
    _one("raise ValueError('no such color')", "value_error", 1, "no such color"),
    _one("import json\njson.loads('{')", "json_decode_error", 2, "Python"),
    _one("%%time\nx = 1\ny = x / 0", "zero_division", 3, "0"),
    _one(
        "import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute('create table songs (title text)')\n"
        "c.execute('select * from song')",
        "sql_unknown_table",
        4,
        "`songs`",
    ),
    _one(
        "import sqlite3\nc = sqlite3.connect(':memory:')\nc.execute('create table songs (title text)')\n"
        "c.execute('select titel from songs')",
        "sql_unknown_column",
        4,
        "`title`",
    ),
)

_SILENT = (
    _one("xs = [3, 1]\nys = xs.sort()\nprint(ys)", "in_place_result", 2, "`sort`"),
    _one("xs = [3, 1]\nprint(xs.append(4))", "in_place_result", 2, "`None`"),
    _one("s = 'abc'\ns.upper()\nprint(s)", "lost_result", 2, "`s.upper()`"),
    _one("xs = [2, 1]\nsorted(xs)\nprint(xs)", "lost_result", 2, "`sorted`"),
    _one("x = 5\nx == 6\nprint(x)", "comparison_without_effect", 2, "`x == 6`"),
    _one("def hello():\n    print('hi')\nhello\nprint('done')", "missing_call", 3, "`hello`"),
    _one("def f():\n    i = 0\n    while i < 3:\n        print(i)", "endless_loop", 3, "`i`"),
    _one(
        "def total(xs):\n    s = 0\n    for x in xs:\n        s += x\n        return s\ntotal([1, 2])",
        "return_in_loop",
        5,
        "first round",
    ),
    _one(
        (
            "def has(xs, t):\n    for x in xs:\n        if x == t:\n            return True\n        else:\n         "
            "   return False\nhas([1, 2], 2)"
        ),
        "return_in_loop",
        6,
        "`has`",
    ),
    _one("xs = [1, 2, 3]\nfor x in xs:\n    xs.remove(x)\nprint(xs)", "changed_while_looping", 3, "`remove`"),
    _one("def area(w):\n    a = w * 2\nx = area(3)\nprint(x)", "missing_return", 1, "`area`"),
    _one("def area(w):\n    print(w * 2)\nprint(area(3))", "missing_return", 1, "prints"),
    _one("def f():\n    return 1\n    print('never')\nf()", "unreachable_code", 3, "line 2"),
    _one("def add(x, xs=[]):\n    xs.append(x)\n    return xs\nadd(1)", "mutable_default", 1, "`xs`"),
    ErrorCase(("sum = 3", "print(sum([1, 2]))"), "shadowed_builtin", 1, "`sum`", at=0, order=(0,)),
    ErrorCase(("print(rate)", "rate = 2"), "run_order", 1, "below", at=0, order=(1, 0)),
    ErrorCase(("rate = 2", "print(rate)"), "run_order", 1, "older value", order=(0, 1, 0)),
    _one("def f(radius):\n    return 3 * raduis\nprint('ok')", "misspelt_name", 2, "`radius`"),
    _one(
        "def ask():\n    age = input()\n    if age == 18:\n        print('x')",
        "text_compared_with_number",
        3,
        "`input`",
    ),
    _one("day = 'Mon'\nif day == 'Sat' or 'Sun':\n    print('free')", "always_true", 2, "'Sun'"),
    _one("assert (1 > 2, 'no')", "always_true", 1, "tuple"),
    _one("x = 'a'\nif x is 'a':\n    print(1)", "identity_of_literal", 2, "`is`"),
    _one("n = 0\nfor i in range(3):\n    n =+ i\nprint(n)", "reversed_operator", 3, "`=+`"),
    _one("name = 'Ada'\nprint('Hello {name}')", "missing_f_prefix", 2, "`name`"),
    _one("d = {'a': 1, 'a': 2}\nprint(d)", "repeated_key", 1, "'a'"),
)

ERROR_CASES: tuple[ErrorCase, ...] = (*_SYNTAX, *_NAMES, *_TYPES, *_LOOKUPS, *_VALUES)
SILENT_CASES: tuple[ErrorCase, ...] = _SILENT
