"""The stable names of everything that the rules can find, in one place.

A kind is part of our interface (``ltt explain --json``, telemetry, budgets): it is added, never renamed.
An error that no rule knows gets its own name in snake case (``FancyError`` → ``fancy_error``).
"""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong; the comment groups say how it is noticed."""

    # SyntaxError, IndentationError, TabError: the cell could not be read
    UNCLOSED_BRACKET = "unclosed_bracket"
    UNMATCHED_BRACKET = "unmatched_bracket"
    UNCLOSED_STRING = "unclosed_string"
    INVALID_CHARACTER = "invalid_character"
    MISSING_COLON = "missing_colon"
    MISSING_COMMA = "missing_comma"
    MISSING_OPERAND = "missing_operand"
    ASSIGNMENT_INSTEAD_OF_COMPARISON = "assignment_instead_of_comparison"
    BAD_ASSIGNMENT_TARGET = "bad_assignment_target"
    PRINT_WITHOUT_PARENTHESES = "print_without_parentheses"
    MISSING_INDENT = "missing_indent"
    UNEXPECTED_INDENT = "unexpected_indent"
    UNEVEN_INDENT = "uneven_indent"
    TABS_AND_SPACES = "tabs_and_spaces"
    EMPTY_BLOCK = "empty_block"
    BROKEN_FSTRING = "broken_fstring"
    MISSPELT_KEYWORD = "misspelt_keyword"
    OTHER_LANGUAGE = "other_language"
    RESERVED_WORD = "reserved_word"
    SPACE_IN_NAME = "space_in_name"
    BAD_NUMBER = "bad_number"
    OUTSIDE_FUNCTION = "outside_function"
    OUTSIDE_LOOP = "outside_loop"
    BRANCH_WITHOUT_START = "branch_without_start"
    TRY_WITHOUT_EXCEPT = "try_without_except"
    ARGUMENT_ORDER = "argument_order"
    BAD_ESCAPE = "bad_escape"
    LATE_DECLARATION = "late_declaration"
    SYNTAX_ERROR = "syntax_error"

    # NameError, UnboundLocalError
    MISSPELT_NAME = "misspelt_name"
    UNDEFINED_NAME = "undefined_name"
    CELL_NOT_RUN = "cell_not_run"
    NAME_USED_TOO_EARLY = "name_used_too_early"
    MISSING_IMPORT = "missing_import"
    MISSING_QUOTES = "missing_quotes"
    UNBOUND_LOCAL = "unbound_local"

    # TypeError
    MIXED_TEXT_AND_NUMBER = "mixed_text_and_number"
    NONE_VALUE = "none_value"
    NOT_CALLABLE = "not_callable"
    SHADOWED_BUILTIN = "shadowed_builtin"
    MISSING_ARGUMENT = "missing_argument"
    EXTRA_ARGUMENT = "extra_argument"
    UNKNOWN_ARGUMENT = "unknown_argument"
    UNSUPPORTED_OPERAND = "unsupported_operand"
    UNHASHABLE = "unhashable"
    NOT_ITERABLE = "not_iterable"
    NOT_SUBSCRIPTABLE = "not_subscriptable"
    BAD_INDEX_TYPE = "bad_index_type"
    IMMUTABLE_VALUE = "immutable_value"
    WRONG_ARGUMENT_TYPE = "wrong_argument_type"

    # IndexError, KeyError, AttributeError
    INDEX_OUT_OF_RANGE = "index_out_of_range"
    EMPTY_SEQUENCE = "empty_sequence"
    MISSING_KEY = "missing_key"
    MISSING_COLUMN = "missing_column"
    MISSING_ATTRIBUTE = "missing_attribute"
    MISSING_MODULE_ATTRIBUTE = "missing_module_attribute"

    # ValueError and arithmetic
    BAD_NUMBER_TEXT = "bad_number_text"
    UNPACK_COUNT = "unpack_count"
    VALUE_NOT_FOUND = "value_not_found"
    OUT_OF_DOMAIN = "out_of_domain"
    ZERO_DIVISION = "zero_division"
    OVERFLOW = "overflow"

    # Imports, files, data bases, flow
    MODULE_NOT_FOUND = "module_not_found"
    MISSPELT_MODULE = "misspelt_module"
    IMPORT_NAME = "import_name"
    FILE_NOT_FOUND = "file_not_found"
    SQL_UNKNOWN_TABLE = "sql_unknown_table"
    SQL_UNKNOWN_COLUMN = "sql_unknown_column"
    SQL_SYNTAX = "sql_syntax"
    ENDLESS_RECURSION = "endless_recursion"
    ASSERTION_FAILED = "assertion_failed"
    STOP_ITERATION = "stop_iteration"

    # Silent: nothing was raised, yet the code does not do what it seems to
    LOST_RESULT = "lost_result"
    IN_PLACE_RESULT = "in_place_result"
    COMPARISON_WITHOUT_EFFECT = "comparison_without_effect"
    MISSING_CALL = "missing_call"
    ENDLESS_LOOP = "endless_loop"
    RETURN_IN_LOOP = "return_in_loop"
    CHANGED_WHILE_LOOPING = "changed_while_looping"
    MISSING_RETURN = "missing_return"
    UNREACHABLE_CODE = "unreachable_code"
    MUTABLE_DEFAULT = "mutable_default"
    RUN_ORDER = "run_order"
    TEXT_COMPARED_WITH_NUMBER = "text_compared_with_number"
    ALWAYS_TRUE = "always_true"
    IDENTITY_OF_LITERAL = "identity_of_literal"
    REVERSED_OPERATOR = "reversed_operator"
    MISSING_F_PREFIX = "missing_f_prefix"
    REPEATED_KEY = "repeated_key"


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MAX_NAME = 60


def kind_of_error(error_name: str) -> str:
    """The kind of an error that no rule knows: its last name part in snake case."""
    last = error_name.rsplit(".", 1)[-1][:_MAX_NAME]
    snake = re.sub(r"\W+", "_", _CAMEL.sub("_", last)).strip("_").lower()
    return snake or "error"
