"""The raw files that a preparation asks for, each checked against sources.yaml before it is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import xarray as xr

from sharegrid import plugins
from sharegrid.readers import raw

FACTS = ("bus", "branch", "generator")  # the tables of a network in networks/facts


@dataclass(frozen=True)
class Inputs:
    """Raw files below `resources`, paths are relative to it; `others`: cleared markets of other studies."""

    resources: Path
    others: Mapping[str, xr.Dataset] = field(default_factory=dict)

    def read(self, path: str | Path, reader: str) -> xr.Dataset:
        """The network in a file, by a reader plug-in; `facts` takes the common start of its three tables."""
        for file in [f"{path}_{table}.csv" for table in FACTS] if reader == "facts" else [path]:
            raw.verify(self.resources / file, self.resources)
        return plugins.load("readers", reader)(self.resources / path)

    def cleared(self, study: str) -> xr.Dataset:
        """The cleared market of another study; ValueError if the market's options do not name it in `studies`."""
        name = f"cleared_of_{plugins.snake(study)}"
        if name not in self.others:
            raise ValueError(f"prepare: the cleared market of {study} is not here; give prepare its cleared.nc")
        return self.others[name]

    def table(self, path: str | Path) -> pd.DataFrame:
        """A CSV table."""
        return pd.read_csv(raw.verify(self.resources / path, self.resources))

    def files(self, folder: str | Path, ending: str) -> list[Path]:
        """The files of a folder with an ending, sorted."""
        found = sorted((self.resources / folder).glob(f"*{ending}"))
        return [path.relative_to(self.resources) for path in found]
