"""Who sits at this machine."""

import os
import pwd

from core.ids import OperatorId


def name_operator(named: str | None) -> OperatorId:
    """The name that decisions carry: the one given, MAESTRO_OPERATOR, else the login name."""
    name = named or os.environ.get("MAESTRO_OPERATOR")
    if not name:
        try:
            name = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            name = f"uid-{os.getuid()}"
    return OperatorId(name)
