"""MATLAB text of a MATPOWER case file -> its matrices, refusing everything that would be misread.

The numbers are taken apart by matpowercaseframes. That library searches the raw text for `mpc.bus = [ ... ];`: it
skips a matrix that is not closed (or runs on into the next one), takes a commented-out matrix for the real one, joins
rows that share a line, reads `1,2` as 1.2, pads short rows and ignores code that changes the data. So the text is first
split into statements here; only complete `mpc.name = literal;` statements, one matrix row to a line, reach the library.
"""

import re

import numpy as np
import pandas as pd
from matpowercaseframes.constants import COLUMNS
from matpowercaseframes.reader import parse_file

_COMMENT = re.compile(r"^((?:[^%'\n]|'(?:[^'\n]|'')*')*)%.*$", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^[ \t]*%\{[ \t]*\n(?:.*\n)*?[ \t]*%\}[ \t]*$", re.MULTILINE)
_CONTINUATION = re.compile(r"\.\.\.[^\n]*\n")
_HEADER = re.compile(r"\s*function\s+(\w+)\s*=\s*(\w+)\s*(?:\(\s*\))?[ \t]*;?[ \t]*(?=\n|$)")
_STATEMENT = re.compile(
    r"""[\s;,]* (?: (?P<end>\b(?:end|endfunction|return)\b)
      | (?P<struct>\w+)\.(?P<name>\w+(?:\.\w+)*) \s*=\s*
        (?P<value> \[[^\[\]={}]*\] | \{(?:[^{}']|'(?:[^'\n]|'')*')*\}
          | '(?:[^'\n]|'')*' | "[^"\n]*" | [^\s;,'"\[\]{}]+ )
        [ \t]* (?=[;,\n]|$) )""",
    re.VERBOSE,
)
_OPEN = re.compile(r"[\s;,]*\w+\.([\w.]+)\s*=\s*[\[{]")


def statements(text: str, source: str) -> tuple[str, dict[str, str]]:
    """Name of the case and the literal of every `mpc.<name> = <literal>` in the text of a case file.

    Raises ValueError naming the line for an unfinished matrix, a field assigned twice, and any other MATLAB code.
    """
    code = _without_comments(text)
    header = _HEADER.match(code)
    if header is None:
        raise ValueError(
            f"{source}: no line `function mpc = <name>` before the data; this is not a MATPOWER case file of format "
            "version 2: take the original file, or write it again with MATPOWER's savecase"
        )
    fields: dict[str, str] = {}
    position = header.end()
    while code[position:].strip(" \t\n;,"):
        found = _STATEMENT.match(code, position)
        if found is None or (found["struct"] or header[1]) != header[1]:
            raise _unreadable(code, position, source)
        if found["name"] in fields:
            raise ValueError(
                f"{source}: line {_line(code, found.start('name'))}: mpc.{found['name']} is assigned twice; keep one"
            )
        if found["name"]:
            fields[found["name"]] = found["value"]
        position = found.end()
    return header[2], fields


def _without_comments(text: str) -> str:
    """The text without comments, line numbers kept, and with continued lines joined."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _BLOCK_COMMENT.sub(lambda block: "\n" * block[0].count("\n"), text)
    return _CONTINUATION.sub(" ", _COMMENT.sub(r"\1", text))


def _line(code: str, position: int) -> int:
    return code.count("\n", 0, position) + 1


def _unreadable(code: str, position: int, source: str) -> ValueError:
    start = position + len(code[position:]) - len(code[position:].lstrip(" \t\n;,"))
    place = f"{source}: line {_line(code, start)}"
    opened = _OPEN.match(code, position)
    if opened:
        return ValueError(
            f"{place}: mpc.{opened[1]} is not closed by a bracket before the next assignment or the end of the file; "
            "the file is truncated or malformed: restore it from its source"
        )
    return ValueError(
        f"{place}: `{code[start : start + 60].splitlines()[0]}` is not data of the form `mpc.name = ...;`; code in a "
        "case file is not run: load the case in MATPOWER and write it with savecase"
    )


def matrix(name: str, literal: str, source: str, *, columns: int) -> pd.DataFrame:
    """A matrix of numbers as floats, with MATPOWER's column names and the row number (from 1) as index.

    columns : the least number of columns that the format asks for.
    Raises ValueError naming field and row for text, ragged rows and missing columns.
    """
    if not literal.startswith("["):
        raise ValueError(f"{source}: mpc.{name} is not a matrix `[ ... ]`; write one row per element")
    body = literal[1:-1].replace(";", "\n").replace(",", " ")
    rows = parse_file(name, f"mpc.{name} = [\n{body}\n];") or []
    width = len(rows[0]) if rows else columns
    for number, row in enumerate(rows, start=1):
        place = f"{source}: mpc.{name}, row {number}"
        text = [value for value in row if isinstance(value, str)]
        if text:
            raise ValueError(f"{place}: `{text[0]}` is not a number; write plain numbers")
        if len(row) != width:
            raise ValueError(
                f"{place}: {len(row)} columns, but row 1 has {width}; the row is incomplete: restore the file"
            )
    if width < columns:
        raise ValueError(f"{source}: mpc.{name}: {width} columns, but the format has {columns}; restore the file")
    values = np.array(rows, dtype=float).reshape(len(rows), width)
    names = [*COLUMNS[name][:width], *range(len(COLUMNS[name]), width)]
    return pd.DataFrame(values, index=pd.RangeIndex(1, len(rows) + 1), columns=names)


def number(name: str, literal: str, source: str) -> float:
    """A scalar field, e.g. baseMVA. Raises ValueError if it is not a number."""
    try:
        return float(literal)
    except ValueError:
        raise ValueError(f"{source}: mpc.{name} is `{literal[:40]}`, not a number; write a plain number") from None
