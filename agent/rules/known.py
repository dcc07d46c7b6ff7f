"""Names that Python, Jupyter and common packages bring along."""

from __future__ import annotations

import builtins
import sys

BUILTINS: frozenset[str] = frozenset(name for name in dir(builtins) if not name.startswith("_"))
IPYTHON: frozenset[str] = frozenset(
    {"get_ipython", "display", "In", "Out", "exit", "quit", "_", "__", "___", "_i", "_ii", "_iii", "_oh", "_ih", "_dh"}
)
MODULE_DUNDERS: frozenset[str] = frozenset(
    {"__name__", "__doc__", "__file__", "__builtins__", "__debug__", "__import__", "__annotations__", "__class__"}
)

STDLIB: frozenset[str] = frozenset(name for name in sys.stdlib_module_names if not name.startswith("_"))

PACKAGES: tuple[str, ...] = (
    "pandas", "numpy", "matplotlib", "seaborn", "scipy", "sklearn", "plotly", "requests", "sympy", "bs4", "PIL",
    "cv2", "torch",
    "tensorflow", "keras", "statsmodels", "networkx", "nltk", "spacy", "altair", "bokeh", "openpyxl", "sqlalchemy",
    "polars",
    "duckdb", "ipywidgets", "pytest", "yaml", "tqdm", "flask", "django", "fastapi", "httpx", "geopandas", "folium",
    "pygame", "transformers", "xgboost", "lightgbm", "faker", "jinja2", "pydantic", "rich", "psycopg2", "pymongo",
)  # fmt: skip
"""Packages of courses, by the name that is imported."""

INSTALLED_AS = {
    "scikit-learn": "sklearn",
    "scikit_learn": "sklearn",
    "sklearn": "sklearn",
    "opencv": "cv2",
    "pillow": "PIL",
    "beautifulsoup": "bs4",
    "beautifulsoup4": "bs4",
    "pyyaml": "yaml",
}
"""Names under which people know a package, and the name to import."""

ALIASES = {
    "np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "sns": "seaborn", "mpl": "matplotlib",
    "tf": "tensorflow",
    "px": "plotly.express", "go": "plotly.graph_objects", "sp": "sympy", "nx": "networkx", "dt": "datetime",
    "pl": "polars",
    "alt": "altair", "sm": "statsmodels.api", "st": "scipy.stats",
}  # fmt: skip
"""Customary short names of modules."""

MEMBERS = {
    "sqrt": "math", "floor": "math", "ceil": "math", "pi": "math", "sin": "math", "cos": "math", "log": "math",
    "exp": "math",
    "factorial": "math", "randint": "random", "choice": "random", "shuffle": "random", "uniform": "random",
    "sample": "random",
    "sleep": "time", "Counter": "collections", "defaultdict": "collections", "deque": "collections",
    "namedtuple": "collections",
    "Path": "pathlib", "datetime": "datetime", "timedelta": "datetime", "date": "datetime", "mean": "statistics",
    "median": "statistics", "stdev": "statistics", "reduce": "functools", "partial": "functools",
    "lru_cache": "functools",
    "permutations": "itertools", "combinations": "itertools", "product": "itertools", "chain": "itertools",
    "dataclass": "dataclasses", "Enum": "enum", "Fraction": "fractions", "Decimal": "decimal", "DataFrame": "pandas",
    "Series": "pandas", "read_csv": "pandas", "deepcopy": "copy", "Optional": "typing", "pprint": "pprint",
}  # fmt: skip
"""Names that novices use without their import, and where they live."""

METHODS: dict[str, tuple[str, ...]] = {
    name: tuple(attribute for attribute in dir(kind) if not attribute.startswith("_"))
    for name, kind in {
        "str": str,
        "list": list,
        "dict": dict,
        "set": set,
        "tuple": tuple,
        "int": int,
        "float": float,
        "bytes": bytes,
    }.items()
}
"""Public attributes of the basic types."""

OTHER_METHODS: dict[str, tuple[str, ...]] = {
    "DataFrame": (
        "head", "tail", "describe", "info", "shape", "columns", "index", "dtypes", "groupby", "merge", "join",
        "sort_values", "sort_index", "drop", "dropna", "fillna", "rename", "apply", "iloc", "loc", "mean",
        "sum", "median", "max", "min", "count", "value_counts", "unique", "plot", "hist", "isnull", "isna",
        "notna", "reset_index", "set_index", "query", "assign", "to_csv", "to_numpy", "astype", "pivot",
        "pivot_table", "melt", "corr", "sample", "nunique", "duplicated", "drop_duplicates", "values", "items",
        "iterrows", "copy", "round", "std", "var", "quantile", "nlargest", "nsmallest", "transpose",
    ),
    "Series": (
        "head", "tail", "describe", "shape", "index", "dtype", "sort_values", "sort_index", "drop", "dropna",
        "fillna", "rename", "apply", "map", "iloc", "loc", "mean", "sum", "median", "max", "min", "count",
        "value_counts", "unique", "nunique", "plot", "hist", "isnull", "isna", "notna", "reset_index",
        "to_numpy", "astype", "str", "dt", "between", "isin", "quantile", "std", "var", "cumsum", "diff",
        "shift", "rolling", "tolist", "to_list", "values", "items", "copy", "round", "idxmax", "idxmin",
    ),
    "ndarray": (
        "shape", "reshape", "ndim", "size", "dtype", "mean", "sum", "max", "min", "std", "var", "argmax",
        "argmin", "sort", "flatten", "ravel", "transpose", "astype", "copy", "tolist", "dot", "cumsum",
        "round", "clip", "fill", "any", "all",
    ),
}  # fmt: skip
"""Attributes of types that are not installed here."""

SPECIAL = {
    ("list", "push"): "append", ("list", "add"): "append", ("list", "length"): "len", ("list", "size"): "len",
    ("list", "len"): "len", ("str", "length"): "len", ("str", "len"): "len", ("str", "size"): "len",
    ("dict", "length"): "len",
    ("dict", "has_key"): "in", ("list", "contains"): "in", ("str", "contains"): "in", ("dict", "add"): "update",
    ("str", "reverse"): "reversed", ("tuple", "append"): "list", ("set", "append"): "add", ("str", "append"): "+",
    ("dict", "append"): "update", ("list", "delete"): "remove", ("list", "join"): "str.join", ("set", "push"): "add",
    ("tuple", "sort"): "sorted", ("str", "sort"): "sorted", ("dict", "sort"): "sorted", ("dict", "iteritems"): "items",
    ("str", "toUpperCase"): "upper", ("str", "toLowerCase"): "lower", ("str", "to_upper"): "upper",
    ("str", "trim"): "strip",
    ("str", "substring"): "[a:b]", ("list", "map"): "map", ("list", "filter"): "filter",
}  # fmt: skip
"""What people try on a type, out of another language or another type, and the thing that does it."""
