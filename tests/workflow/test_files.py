"""Writers: whole or not at all, and the same bytes for the same content."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure

from sharegrid import files, pages

DATASET = xr.Dataset(
    {
        "zeta": (("scenario", "bus"), [[1.0, np.nan], [np.inf, -0.0]], {"units": "MW", "long_name": "last by name"}),
        "alpha": ("bus", np.array([3, 4], dtype="int8")),
        "flag": ("bus", [True, False]),
        "owner": ("bus", ["north", ""]),
        "total": ((), 2.5),
    },
    coords={"scenario": ["none", "0.76"], "bus": [7, 1], "base": ("scenario", pd.array(["none", "none"], dtype="str"))},
    attrs={"name": "trial", "count": 2},
)
BROKEN_WRITERS = {
    "dataset": "files.write_dataset(xr.Dataset({'x': ('bus', np.zeros(9))}), target)",
    "text": "files.write_text('new', target)",
    "folder": "with files.new_folder(target) as folder:\n    files.write_text('new', folder / 'one.txt')",
}


def draw() -> Figure:
    figure = Figure(figsize=(3, 2))
    figure.subplots().plot([1, 3, 2], label="a")
    return figure


def test_a_dataset_comes_back_as_it_was(tmp_path):
    files.write_dataset(DATASET, tmp_path / "data.nc")
    back = files.read_datasets({"data": tmp_path / "data.nc", "code": ["a.py"]})
    assert list(back) == ["data"]
    xr.testing.assert_identical(back["data"], DATASET.assign_coords(base=DATASET["base"].astype(object)))
    assert back["data"]["flag"].dtype == bool
    assert back["data"]["alpha"].dtype == np.int8


def test_the_order_of_variables_and_attributes_does_not_matter(tmp_path):
    files.write_dataset(DATASET, tmp_path / "one.nc")
    names, attributes = list(DATASET.data_vars), list(DATASET.attrs.items())
    turned = xr.Dataset({name: DATASET[name] for name in names[::-1]}, DATASET.coords, dict(attributes[::-1]))
    files.write_dataset(turned, tmp_path / "two.nc")
    files.write_dataset(xr.load_dataset(tmp_path / "one.nc", engine="netcdf4"), tmp_path / "three.nc")
    assert len({(tmp_path / f"{name}.nc").read_bytes() for name in ("one", "two", "three")}) == 1


def test_a_large_variable_is_compressed(tmp_path):
    files.write_dataset(xr.Dataset({"x": ("bus", np.zeros(100_000))}), tmp_path / "data.nc")
    assert (tmp_path / "data.nc").stat().st_size < 30_000


def test_a_table_is_a_csv_and_a_page(tmp_path):
    frame = pd.DataFrame({"case": ["a<b", "c"], "cost": [1 / 3, np.nan], "count": [12, 3], "note": [None, "x,y"]})
    files.write_table(frame, tmp_path, "costs", title="Costs & more", caption="In :math:`x_i`.")
    assert (tmp_path / "costs.csv").read_bytes() == b'case,cost,count,note\na<b,0.3333333333,12,\nc,,3,"x,y"\n'
    page = (tmp_path / "costs.html").read_text()
    assert "<title>Costs &amp; more</title>" in page
    assert "<td>a&lt;b</td>" in page
    assert '<td class="number">0.3333333</td>' in page
    assert "<math" in page and "http://www.w3.org/1998/Math/MathML" in page
    assert "<script" not in page and "src=" not in page


def test_figures_have_the_same_bytes_and_no_date(tmp_path):
    for folder in ("one", "two"):
        files.write_figure(draw(), tmp_path / folder, "prices")
    suffixes = ("svg", "pdf", "png")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(
        f"prices.{suffix}" for suffix in suffixes
    )
    for suffix in suffixes:
        one, two = ((tmp_path / folder / f"prices.{suffix}").read_bytes() for folder in ("one", "two"))
        assert one == two
        assert not [word for word in (b"CreationDate", b"dc:date", b"Software") if word in one]


@pytest.mark.parametrize("existing", [True, False])
def test_an_error_leaves_the_old_folder_or_none(tmp_path, existing):
    target = tmp_path / "figures"
    if existing:
        target.mkdir()
        (target / "old.svg").touch()
    with pytest.raises(RuntimeError), files.new_folder(target) as folder:
        (folder / "new.svg").touch()
        raise RuntimeError
    assert sorted(path.name for path in tmp_path.rglob("*")) == (["figures", "old.svg"] if existing else [])


def test_a_new_folder_takes_the_place_of_an_old_one(tmp_path):
    for name in ("old.svg", "new.svg"):
        with files.new_folder(tmp_path / "figures") as folder:
            (folder / name).touch()
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["new.svg"]


@pytest.mark.parametrize("kind", BROKEN_WRITERS)
def test_a_kill_in_the_middle_leaves_the_old_result_and_the_next_run_tidies_up(tmp_path, kind):
    """The process kills itself at the last moment, when everything is written and not yet renamed."""
    target = tmp_path / "result"
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        import numpy as np, xarray as xr
        from sharegrid import files
        target = Path(sys.argv[1])
        def die(*_):
            os.kill(os.getpid(), signal.SIGKILL)
        os.replace = die
        """
    )
    code = script + BROKEN_WRITERS[kind]
    assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode == -signal.SIGKILL
    assert not target.exists()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".result.") and left.name.endswith(".part")
    files.write_text("complete", target)
    assert [path.name for path in tmp_path.iterdir()] == ["result"]


def test_what_another_process_is_writing_is_left_alone(tmp_path):
    part = tmp_path / f".data.nc.{os.getppid()}.part"
    part.touch()
    files.write_text("mine", tmp_path / "data.nc")
    assert part.exists()


def test_a_page_about_a_study_names_the_software():
    study = {
        "id": "mine",
        "title": "A & B",
        "chapter": "ch3",
        "section": "3.2",
        "text": "*What* and :math:`x^2`\n\n- why",
    }
    page = pages.about_page(study)
    for words in (
        "<h1>A &amp; B</h1>",
        "mine (ch3, section 3.2)",
        "<em>What</em>",
        "<msup>",
        "<td>highspy</td>",
        "<td>Python</td>",
    ):
        assert words in page


def test_a_job_log_takes_all_prints_and_the_terminal_one_line(tmp_path):
    code = textwrap.dedent(
        """
        import logging, os, sys
        from sharegrid import logs
        with logs.job(sys.argv[1], "small, pay"):
            print("from Python")
            logging.getLogger("sharegrid.stages.pay").info("mechanism lmp")
            os.system("echo from below")
            error = ValueError("generator 3: no price")
            error.add_note("while making the table 'x'")
            raise error
        """
    )
    log = tmp_path / "logs/pay.log"
    run = subprocess.run([sys.executable, "-c", code, str(log)], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout == ""
    told = f"Error in small, pay: ValueError: generator 3: no price; while making the table 'x' (details: {log})\n"
    assert run.stderr == f"\n{told}", "it begins a line, wherever the terminal stands"
    text = log.read_text()
    for words in ("from Python", "sharegrid.stages.pay: mechanism lmp", "from below", "Traceback"):
        assert words in text


def test_nothing_else_in_the_library_writes_files():
    writers = ("to_netcdf", "to_csv", "savefig", "write_text", "write_bytes", "to_html", "os.replace", "mkdir(")
    sources = (path for path in Path(files.__file__).parent.rglob("*.py") if path.name not in ("files.py", "logs.py"))
    assert [(path.name, word) for path in sources for word in writers if word in path.read_text()] == []
