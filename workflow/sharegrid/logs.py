"""The log of a job."""

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def job(path: Path, label: str) -> Iterator[None]:
    """Send what the block prints and logs, solver included, to the file `path`; end the process with one text about an error.

    The traceback is in the log; the terminal gets `label`, the error with its notes, and the name of the log.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    terminal = os.dup(2)
    with open(path, "w", encoding="utf-8") as log:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(log.fileno(), stream.fileno())  # the solver prints past Python
        logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", force=True)
        logging.getLogger(__package__).setLevel(logging.INFO)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever stops a job is told in the same way
            traceback.print_exc()
            reason = "; ".join([str(error), *getattr(error, "__notes__", [])])
            text = f"Error in {label}: {type(error).__name__}: {reason} (details: {path})"
            os.write(terminal, f"\n{text}\n".encode())  # the workflow may be within a line of its own about another job
            raise SystemExit(1) from None
