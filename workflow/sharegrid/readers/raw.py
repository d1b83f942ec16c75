"""Integrity of the raw data: a file that resources/sources.yaml lists is read only with the checksum given there."""

import hashlib
from functools import lru_cache
from pathlib import Path

import yaml

SOURCES = "sources.yaml"


def verify(path: str | Path, resources: str | Path) -> Path:
    """Check one raw file against the list of sources and return its path.

    Parameters
    ----------
    path : file to check.
    resources : folder with the raw data and with sources.yaml, whose entries are keyed by the path inside this folder.

    A file that the list does not name (a user's own network) passes.

    Raises
    ------
    FileNotFoundError : the file does not exist, or it lies in `resources` and that folder has no sources.yaml.
    ValueError : the file is listed and its sha256 differs.
    """
    path, resources = Path(path), Path(resources)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such raw file; check the path in the study, or restore the file")
    name = _name_inside(path, resources)
    expected = _listed(resources).get(name) if name else None
    if expected is not None and (found := _sha256(path)) != expected:
        raise ValueError(
            f"{path}: sha256 is {found}, but {SOURCES} lists {expected}; raw data must stay unaltered: "
            f"restore the file, or enter the new checksum and its origin in {resources / SOURCES}"
        )
    return path


def _name_inside(path: Path, resources: Path) -> str | None:
    """Path relative to the resources folder with forward slashes, None if the file lies elsewhere."""
    try:
        return path.resolve().relative_to(resources.resolve()).as_posix()
    except ValueError:
        return None


def _listed(resources: Path) -> dict[str, str]:
    """Checksum by file name, from sources.yaml (read again only if it changed)."""
    sources = resources / SOURCES
    if not sources.is_file():
        raise FileNotFoundError(f"{sources}: missing; without it no raw file can be checked: restore it")
    return _read_sources(sources, sources.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read_sources(sources: Path, _modified: int) -> dict[str, str]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # 10 times faster where libyaml is present
    try:
        entries = yaml.load(sources.read_text(encoding="utf-8"), Loader=loader)["files"]
        return {entry["file"]: entry["sha256"] for entry in entries}
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        reason = f"no key {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise ValueError(
            f"{sources}: not a list of sources (`files:` with `file` and `sha256`): {reason}; restore the file"
        ) from error


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
