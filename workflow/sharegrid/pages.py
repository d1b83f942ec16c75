"""Small self-contained HTML pages: tables and the page about a study, for the report and for reading on their own."""

import html
import importlib.metadata
import math
import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing pandas costs a job a second
    import pandas as pd

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 15px/1.45 system-ui, sans-serif; margin: 1.5em; color: #222; background: #fff; }}
p, li {{ max-width: 46em; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
th, td {{ padding: 0.2em 0.8em; border-bottom: 1px solid #ddd; text-align: left; }}
th {{ position: sticky; top: 0; background: #f2f2f2; }}
.number {{ text-align: right; white-space: nowrap; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
LIBRARIES = ("highspy", "linopy", "matplotlib", "netCDF4", "numpy", "pandas", "scipy", "snakemake", "xarray")


def page(title: str, body: str) -> str:
    """A page around the HTML `body`; `title` is plain text."""
    return PAGE.format(title=html.escape(title), body=body)


def table_page(frame: "pd.DataFrame", title: str, caption: str = "") -> str:
    """Page of a table, numbers to 7 significant digits; `caption` is restructured text."""
    return page(title, restructured(caption) + table(frame))


def about_page(study: dict) -> str:
    """Page about a study, a mapping with title, chapter, section and text (restructured text): what, how, with which software."""
    place = ", section ".join(filter(None, (study["chapter"], study["section"])))
    software = "".join(f"<tr><td>{name}</td><td>{version}</td></tr>\n" for name, version in versions().items())
    return page(
        study["title"],
        f"<h1>{html.escape(study['title'])}</h1>\n<p>{html.escape(study['id'])} ({html.escape(place)})</p>\n"
        f"{restructured(study['text'])}\n<h2>Software</h2>\n<table>\n{software}</table>",
    )


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of the libraries that decide a result; highspy carries the solver HiGHS."""
    installed = {name: importlib.metadata.version(name) for name in ("sharegrid", *LIBRARIES)}
    return {"Python": platform.python_version()} | installed


def restructured(text: str) -> str:
    """HTML of restructured text, formulas as MathML, which browsers show without fonts or scripts."""
    if not text.strip():
        return ""
    from docutils.core import publish_parts

    settings = {
        "math_output": "MathML",
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "initial_header_level": 2,
    }
    return publish_parts(text, writer="html5", settings_overrides=settings)["body"]


def table(frame: "pd.DataFrame") -> str:
    """HTML table, numbers to the right; a missing value is an empty cell."""
    kinds = [' class="number"' if kind.kind in "iuf" else "" for kind in frame.dtypes]
    head = "".join(f"<th{kind}>{html.escape(str(name))}</th>" for kind, name in zip(kinds, frame.columns, strict=True))
    rows = (
        "".join(f"<td{kind}>{_cell(value)}</td>" for kind, value in zip(kinds, row, strict=True))
        for row in frame.itertuples(index=False, name=None)
    )
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.7g}"
    return "" if value is None else html.escape(str(value))
