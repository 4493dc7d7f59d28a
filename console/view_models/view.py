"""Who looks, when and where."""

from datetime import datetime, tzinfo
from typing import NamedTuple

from core.ids import OperatorId


class View(NamedTuple):
    """What words depend on beside the facts."""

    now: datetime
    zone: tzinfo
    operator: OperatorId
