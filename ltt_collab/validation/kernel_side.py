"""What runs inside a kernel: evaluates expressions and tells their values as plain data. Sent there as text.

It compares nothing and knows no expected value. All that it calls is taken before a learner's code can change it, and a
value's kind is read from its type's real bases: what an object says of itself (``__eq__``, ``__repr__``, ``__class__``)
is not asked. Learner code in the same process can still answer what it likes; it cannot know what would be right.

A value is a list in JSON that begins with its kind; ``validation.values`` reads it. Runs on any Python from 3.8 on.
"""

# ruff: noqa: C901, PLR0911, PLR0912, PLR0915 - one closure over what it must not lose
# mypy: ignore-errors
from __future__ import annotations

MOST_NODES, MOST_DEPTH, MOST_ITEMS, MOST_TEXT, MOST_PRINTED = 60_000, 30, 5_000, 200_000, 100_000


def ltt_make_writer():
    """A function that writes a value as JSON."""
    from _json import encode_basestring_ascii as quoted  # noqa: PLC0415

    kind_of, bases_of = type, type.__dict__["__mro__"].__get__
    name_of, dict_of = type.__dict__["__name__"].__get__, type.__dict__["__dict__"].__get__
    module_of = type.__dict__["__module__"].__get__
    whole, real, text, raw, many = int, float, str, bytes, bytearray
    row, fixed, table, group, frozen, steps = list, tuple, dict, set, frozenset, range
    compound, truth, size_of, glue = complex, bool, len, "".join
    hexadecimal, real_text, items_of = int.__format__, float.__repr__, dict.items
    any_object, failing, make_iterator, step = object, Exception, iter, next
    get, nodes_left = getattr, [0]

    class TooLarge(Exception):  # noqa: N818
        pass

    def family(cls):
        """The package that a class comes from, as the class says."""
        module = module_of(cls)
        return module.partition(".")[0] if kind_of(module) is text else ""

    def several(kind, cls, values, depth):
        if size_of(values) > MOST_NODES:
            raise TooLarge
        plain = "null" if cls is None else quoted(name_of(cls))
        return glue(('["', kind, '",', plain, ",[", ",".join([write(value, depth) for value in values]), "]]"))

    def pairs(kind, cls, values, depth):
        plain = "null" if cls is None else quoted(name_of(cls))
        told = ["[" + write(key, depth) + "," + write(value, depth) + "]" for key, value in values]
        return glue(('["', kind, '",', plain, ",[", ",".join(told), "]]"))

    def write(value, depth=0):
        nodes_left[0] -= 1
        if nodes_left[0] < 0:
            raise TooLarge
        if depth > MOST_DEPTH:
            return '["deep"]'
        cls = kind_of(value)
        bases = bases_of(cls)
        if value is None:
            return '["none"]'
        if cls is truth:
            return '["bool",true]' if value else '["bool",false]'
        for base in bases:
            if module_of(base) == "enum" and name_of(base) == "Enum":
                return '["enum",' + quoted(name_of(cls)) + "," + quoted(text(value._name_)) + "]"
        if whole in bases:
            return '["int","' + hexadecimal(value, "x") + '"]'
        if real in bases:
            return '["float","' + real_text(value) + '"]'
        if compound in bases:
            return '["complex","' + real_text(value.real) + '","' + real_text(value.imag) + '"]'
        if text in bases:
            if text.__len__(value) > MOST_TEXT:
                raise TooLarge
            return '["str",' + quoted(text.__str__(value)) + "]"
        if raw in bases or many in bases:
            if size_of(value) > MOST_TEXT:
                raise TooLarge
            return '["bytes","' + raw(value).hex() + '"]'
        for base, kind in ((row, "list"), (fixed, "tuple")):
            if base in bases:
                return several(kind, None if cls is base else cls, row(base.__iter__(value)), depth + 1)
        if table in bases:
            return pairs("dict", None if cls is table else cls, row(items_of(value)), depth + 1)
        for base in (group, frozen):
            if base in bases:
                return several("set", None, row(base.__iter__(value)), depth + 1)
        if cls is steps:
            return several("range", None, [value.start, value.stop, value.step], depth + 1)
        told = known(value, cls, bases, depth + 1)
        return told if told is not None else other(value, cls, depth + 1)

    def known(value, cls, bases, depth):
        """Values of packages that learners use; what such an object says is its own affair, as any value is."""
        origin, name = family(cls), name_of(cls)
        names = [name_of(base) for base in bases]
        if origin == "numpy" and "generic" in names:
            plain = value.item()
            if kind_of(plain) is cls:
                return '["opaque",' + quoted(name) + "," + quoted(text(value)) + "]"
            return write(plain, depth)
        if origin == "numpy" and "ndarray" in names:
            if value.size > MOST_NODES:
                raise TooLarge
            return '["array",' + write(fixed(value.shape), depth) + "," + write(value.tolist(), depth) + "]"
        if origin == "pandas":
            if name in ("NAType", "NaTType"):
                return '["float","nan"]'
            if "DataFrame" in names:
                if value.size > MOST_NODES:
                    raise TooLarge
                rows = row(value.itertuples(index=False, name=None))
                parts = (row(value.columns), row(value.index), rows)
                return '["frame",' + ",".join([write(part, depth) for part in parts]) + "]"
            if "Series" in names:
                parts = (value.name, row(value.index), row(value))
                return '["series",' + ",".join([write(part, depth) for part in parts]) + "]"
            if "Index" in names or "ExtensionArray" in names:
                return several("list", cls, row(value), depth)
        for base in bases:
            if module_of(base) == "datetime":
                kind = name_of(base)
                said = text(value.total_seconds()) if kind == "timedelta" else value.isoformat()
                return '["moment",' + quoted(kind) + "," + quoted(said) + "]"
        if origin in ("decimal", "fractions", "pathlib", "uuid"):
            return '["written",' + quoted(name) + "," + quoted(text(value)) + "]"
        return None

    def other(value, cls, depth):
        has = {name for base in bases_of(cls) for name in dict_of(base)}
        if name_of(cls) in ("dict_keys", "dict_values", "dict_items"):
            return several("view", cls, row(value), depth)
        if "__next__" in has:
            taken, source, end = [], make_iterator(value), any_object()
            while size_of(taken) < MOST_ITEMS:
                item = step(source, end)
                if item is end:
                    break
                taken.append(item)
            return several("iterator", cls, taken, depth)
        if "__call__" in has or name_of(cls) == "module":
            return '["opaque",' + quoted(name_of(cls)) + "," + quoted(text(get(value, "__name__", ""))) + "]"
        inside = get(value, "__dict__", None)
        kept = row(items_of(inside)) if kind_of(inside) is table else []
        for base in bases_of(cls):
            slots = dict_of(base).get("__slots__", ())
            for slot in (slots,) if kind_of(slots) is text else fixed(slots):
                if slot not in ("__dict__", "__weakref__"):
                    kept.append((slot, get(value, slot, None)))
        if "args" in has and "__traceback__" in has:
            kept.append(("args", value.args))
        return pairs("object", cls, kept, depth)

    def told(value):
        nodes_left[0] = MOST_NODES
        try:
            return write(value)
        except TooLarge:
            return '["large",' + quoted(name_of(kind_of(value))) + "]"
        except failing as error:
            return '["unreadable",' + quoted(name_of(kind_of(value))) + "," + quoted(name_of(kind_of(error))) + "]"

    return told


def ltt_make(namespace):
    """A function that evaluates texts in a namespace: ``answer(nonce, [(expression, *operands), …])`` as JSON."""
    import io  # noqa: PLC0415
    import linecache  # noqa: PLC0415
    import sys  # noqa: PLC0415
    from _json import encode_basestring_ascii as quoted  # noqa: PLC0415

    told, evaluate, translate, every = ltt_make_writer(), eval, compile, BaseException
    kind_of, bases_of = type, type.__dict__["__mro__"].__get__
    name_of, text, joined = type.__dict__["__name__"].__get__, str, ",".join
    module_of = type.__dict__["__module__"].__get__
    line_of, size_of = linecache.getline, len

    class Heard(io.StringIO):
        def write(self, printed):
            if self.tell() < MOST_PRINTED:
                io.StringIO.write(self, printed[: MOST_PRINTED - self.tell()])
            return size_of(printed)

    def asked(source):
        """The value of an expression as JSON, and the value; an error's names, words and lines instead."""
        try:
            value = evaluate(translate(source, "<check>", "eval", 0, True), namespace)
            return '["value",' + told(value), value
        except every as error:
            names = ["[" + quoted(text(module_of(base))) + "," + quoted(name_of(base)) + "]"
                     for base in bases_of(kind_of(error))]  # fmt: skip
            try:
                said = text(error)[:2000]
            except every:
                said = ""
            frames, at = [], error.__traceback__
            while at is not None:
                code = at.tb_frame.f_code
                if at.tb_frame is not here():
                    line = line_of(code.co_filename, at.tb_lineno).strip()[:200]
                    frames.append("[" + text(at.tb_lineno) + "," + quoted(code.co_name) + "," + quoted(line) + "]")
                at = at.tb_next
            return '["raised",[' + joined(names) + "]," + quoted(said) + ",[" + joined(frames[-12:]) + "]", None

    def here():
        return sys._getframe(1)

    def answer(nonce, subjects):
        answers, out, err = [], sys.stdout, sys.stderr
        for source, *operands in subjects:
            heard = Heard()
            sys.stdout = sys.stderr = heard
            try:
                told_value, value = asked(source)
                sides = [asked(side)[0] + "]" for side in operands] if value is False else []
            finally:
                sys.stdout, sys.stderr = out, err
            answers.append(told_value + "," + quoted(heard.getvalue()) + ",[" + joined(sides) + "]]")
        return "[" + quoted(nonce) + ",[" + joined(answers) + "]]"

    return answer
