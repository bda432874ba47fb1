"""The command `potentia` from its first moment: Ctrl-C is heard before the modules of the command are there.

Their import takes 0.1 s and more, in which Python would print a traceback. Nothing is saved so early. What
this module and those before it import is there when Python has started: before that Python answers itself.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` loads `enum`, which takes 5 ms more
import os
import sys

TYPE_CHECKING = False  # `typing` takes as long
if TYPE_CHECKING:
    from types import FrameType

TEXT = "error[interrupted]: interrupted: nothing was saved\n"
JSON = """{
  "diagnostics": [
    {
      "code": "interrupted",
      "severity": "error",
      "message": "interrupted: nothing was saved",
      "place": null,
      "span": null,
      "label": "",
      "secondary": [],
      "help": null,
      "fix": null
    }
  ]
}
"""


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, (JSON if "--json" in sys.argv else TEXT).encode())
    os._exit(130)


def main() -> int:
    """As `main.main`, with Ctrl-C heard from here on."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:  # else ignored in the background
        _signal.signal(_signal.SIGINT, _end)
    from .main import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
