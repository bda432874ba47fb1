"""The command `potentia` from its first moment: Ctrl-C is heard before the modules of the command are there.

Their import takes 0.1 s and more, in which Python would print a traceback. Nothing is saved so early.
"""

import os
import signal
import sys
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
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else ignored in the background
        signal.signal(signal.SIGINT, _end)
    from .main import main

    return main()


if __name__ == "__main__":
    sys.exit(main())
