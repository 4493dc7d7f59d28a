"""A bookkeeper under the pack `payments`: a small bill passes, a large one needs two people.

Usage: python -m console.demo.bookkeeper FOLDER
"""

import sys
import time
from pathlib import Path
from typing import Final

from console.demo.agent import DemoAgent
from console.demo.piece import Ground

_BILLS: Final = (
    ("Paper Mill", 42.50, "Pay 42.50 to Paper Mill for invoice 12."),
    ("Kettle Works", 850.00, "Pay 850.00 to Kettle Works for invoice 13."),
    ("Kettle Works", 12500.00, "Pay 12500.00 to Kettle Works for invoice 14."),
)
_PAUSE_S: Final = 5.0
_ROUND_S: Final = 90.0


def main(folder: Path) -> None:
    """Ask for each bill again and again. No money moves: there is none."""
    agent = DemoAgent(Ground(folder), "demo-bookkeeper")
    while True:
        for payee, amount, purpose in _BILLS:
            arguments = {"payee": payee, "amount": amount, "currency": "EUR"}
            agent.report(agent.ask("payment.transfer", payee, arguments, purpose=purpose))
            time.sleep(_PAUSE_S)
        time.sleep(_ROUND_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
