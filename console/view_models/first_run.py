"""What a newcomer reads while no agent from outside has called yet. All of it is measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from console.keymap import find_row, key_name
from console.language import N_, _
from console.view_models.ink import Line, Span, Spans, Tone
from console.view_models.text import count, visible
from console.view_models.units import with_unit
from core.fleet import AgentOrigin, AgentState
from core.measures import Reading, SourceState

if TYPE_CHECKING:  # not loaded for the first picture
    from core.ports import AgentView

BUILT_IN: Final = "try-it"
_HOST: Final = {
    "system.host_cpu": N_("cpu"),
    "system.host_memory": N_("memory"),
    "system.host_disk": N_("disk"),
}
_LEAD: Final = 9


def is_first_run(agents: Sequence[AgentView] | None, fleet: Sequence[AgentState] | None) -> bool:
    """Whether nobody from outside has ever called or sent telemetry; False while not known."""
    if agents is None or fleet is None:
        return False
    from core.governance.insiders import insider_role  # noqa: PLC0415 - not for the first picture

    names = [each.principal.id for each in agents]
    names += [each.spec.name for each in fleet if each.origin is AgentOrigin.OUTSIDE]
    return all(name == BUILT_IN or insider_role(name) is not None for name in names)


def first_run_lines(
    readings: Iterable[Reading] | None,
    fleet: Sequence[AgentState],
    *,
    home: str,
    gateway: str,
    can_try: bool,
) -> tuple[Line, ...]:
    """Host, agents, how to connect the first one, what to try. `gateway` "": switched off."""
    lines = [
        _line(_("HOST"), _host(readings)),
        _line(_("AGENTS"), _agents(fleet)),
        *_connect(home, gateway),
    ]
    if can_try:
        words = _("has try-it, an agent in here, ask for something harmless: it waits for you at ")
        lines.append(
            _line(
                _("TRY"),
                (_key("try_it"), Span(" "), Span(words), _key("approvals"), Span(".")),
            )
        )
    tour = (Span(":tour ", Tone.KEY), Span(_("shows you round.")))
    demo = (Span("  maestro demo ", Tone.KEY), Span(_("shows a small world at work.")))
    return (*lines, _line(_("TOUR"), (*tour, *demo)))


def _key(action: str) -> Span:
    return Span(key_name(find_row(action).keys[0]), Tone.KEY)


def _line(name: str, words: Spans) -> Line:
    follow = (Span(" " * _LEAD),)
    return Line(words, (Span(f"{name:<{_LEAD}}", Tone.TITLE),), follow)


def _host(readings: Iterable[Reading] | None) -> Spans:
    fresh = {
        each.spec.key: each
        for each in readings or ()
        if each.state is SourceState.FRESH and each.value is not None
    }
    spans: list[Span] = []
    for key, name in _HOST.items():
        found = fresh.get(key)
        if found is not None and found.value is not None:
            spans += [
                Span(f"{_(name)} ", Tone.DIM),
                Span(f"{with_unit(found.value, found.spec.unit)}  "),
            ]
    if not spans:
        return (Span(_("not measured yet"), Tone.DIM),)
    return (*spans, _key("metrics"), Span(_(" has every metric."), Tone.DIM))


def _agents(fleet: Sequence[AgentState]) -> Spans:
    hosted = [each for each in fleet if each.origin is AgentOrigin.HOSTED]
    idle = [each for each in hosted if each.note]
    alive = _("{agents} in here").format(agents=count(len(hosted), "agent", "agents"))
    if not idle:
        return (Span(alive + ". "), _key("agents"), Span(_(" shows them."), Tone.DIM))
    one = idle[0]
    reason = visible(one.note.partition(";")[0].rstrip("."))
    why = _(", {number} of them idle; {name}: {reason}. ").format(
        number=len(idle), name=visible(one.spec.name), reason=reason
    )
    return (
        Span(alive),
        Span(why),
        _key("agents"),
        Span(_(" says why, for each."), Tone.DIM),
    )


def _connect(home: str, gateway: str) -> tuple[Line, ...]:
    if not gateway:
        words = _("The gateway is switched off: [gateway] enabled = true lets agents call.")
        return (_line(_("CONNECT"), (Span(words, Tone.WARN),)),)
    # Attached, the home is not this machine's to name.
    where = f" --home {visible(home)}" if home else ""
    claude = [Span(_("Claude Code: "), Tone.DIM)]
    claude.append(Span(f"maestro hook install{where}", Tone.STRONG))
    program = (
        Span(_("Any program: "), Tone.DIM),
        Span(f"POST {visible(gateway)}/v1/actions", Tone.STRONG),
        Span(_(" with the token in "), Tone.DIM),
        Span(f"{visible(home)}/agent.token" if home else "agent.token", Tone.STRONG),
    )
    return (_line(_("CONNECT"), tuple(claude)), _line("", program))
