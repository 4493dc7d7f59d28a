"""Moving workers between the two sides of the pipeline. Pure."""

from core.agents.watch import Wish


def wish_move(*, source: str, target: str, workers: int, evidence: str) -> Wish:
    """Workers of `source` are to work for `target`."""
    return Wish(
        kind="workers.move",
        resource=target,
        arguments={"from": source, "to": target, "workers": workers},
        purpose=f"{evidence}; moving {workers} of {source}'s workers to {target} relieves it.",
    )
