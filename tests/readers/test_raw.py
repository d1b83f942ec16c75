"""Checksums of the raw data."""

import hashlib
import shutil
from pathlib import Path

import pytest

from sharegrid.readers import raw

RESOURCES = Path(__file__).parents[2] / "resources"
CASE = "networks/pglib/pglib_opf_case5_pjm.m"


@pytest.fixture
def resources(tmp_path):
    folder = tmp_path / "resources"
    (folder / CASE).parent.mkdir(parents=True)
    shutil.copy(RESOURCES / CASE, folder / CASE)
    shutil.copy(RESOURCES / "sources.yaml", folder / "sources.yaml")
    return folder


@pytest.mark.parametrize("name", [CASE, "networks/facts/case30_bus.csv", "networks/pglib_dc_baseline.csv"])
def test_the_shipped_files_pass(name):
    assert raw.verify(RESOURCES / name, RESOURCES) == RESOURCES / name


def test_one_changed_byte_is_an_error_that_names_file_and_both_checksums(resources):
    path = resources / CASE
    path.write_bytes(path.read_bytes().replace(b"300.0", b"300.1", 1))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ValueError, match="pglib_opf_case5_pjm.m") as error:
        raw.verify(path, resources)
    assert found in str(error.value) and "restore the file" in str(error.value)


def test_the_list_is_read_again_when_it_changes(resources):
    path = resources / CASE
    raw.verify(path, resources)
    path.write_text("changed")
    (resources / "sources.yaml").write_text(
        f"files:\n- file: {CASE}\n  sha256: {hashlib.sha256(b'changed').hexdigest()}\n"
    )
    assert raw.verify(path, resources) == path


def test_a_missing_file_is_an_error(resources):
    with pytest.raises(FileNotFoundError, match="case6.m: no such raw file"):
        raw.verify(resources / "networks/pglib/case6.m", resources)


def test_a_file_that_is_not_listed_passes(resources, tmp_path):
    for path in (resources / "mine.m", tmp_path / "elsewhere.m"):
        path.write_text("anything")
        assert raw.verify(path, resources) == path


def test_a_folder_without_the_list_is_an_error(resources):
    (resources / "sources.yaml").unlink()
    with pytest.raises(FileNotFoundError, match="sources.yaml: missing"):
        raw.verify(resources / CASE, resources)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"files: [1, 2]", "not subscriptable"),
        (b"files:\n- {file: a.m}\n", "no key 'sha256'"),
        (b"files:\n- file: a.m\n  sha256: [\n", "line 4, column 1"),
        (b"\xff\xfe\x00", "can't decode"),
        (b"", "not subscriptable"),
    ],
)
def test_a_broken_list_is_an_error_of_one_line(resources, text, reason):
    (resources / "sources.yaml").write_bytes(text)
    with pytest.raises(
        ValueError, match=f"sources.yaml: not a list of sources .*{reason}.*; restore the file$"
    ) as error:
        raw.verify(resources / CASE, resources)
    assert "\n" not in str(error.value) and "object at" not in str(error.value)
