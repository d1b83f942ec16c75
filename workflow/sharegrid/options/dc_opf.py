"""Options of the reference market: optima that are published."""

from pathlib import Path
from typing import Literal

from sharegrid.options.base import Market


class ReferenceMarket(Market):
    """Inputs of the reference study: every case of a folder, cleared in one DC form."""

    market: Literal["dc-opf"]
    """The market's plug-in."""
    cases: str
    """Folder below resources/ whose MATPOWER files are all read."""
    baseline: str
    """Table below resources/ of published objectives [$/h]."""
    dc_form: Literal["matpower", "powermodels"] = "powermodels"
    """Susceptance x/(r^2+x^2) without taps and shifts (PGLib's baseline), or 1/(x tap) with phase shifts."""
    reader: Literal["matpower"] = "matpower"
    """Which reader understands the files."""

    @property
    def readers(self) -> list[str]:
        """The cases' reader."""
        return [self.reader]

    def raw_files(self, resources: Path) -> list[str]:
        """Every case of the folder, and the table of published objectives."""
        cases = sorted((resources / self.cases).glob("*.m"))
        return [path.relative_to(resources).as_posix() for path in cases] + [self.baseline]
