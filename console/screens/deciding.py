"""From a key to a command: asks what must be asked, sends, and says what came of it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from console.language import _
from console.outbox import Decided, Deciding, say_votes
from console.screens.base import Front, MaestroScreen
from console.screens.dialogs.base import Dialog
from console.screens.dialogs.confirm import TypeIdDialog
from console.screens.dialogs.edit import EditDialog
from console.screens.dialogs.group import GroupDialog, GroupItem
from console.screens.dialogs.reason import ask_denial
from console.screens.dialogs.remember import RememberDialog
from console.screens.dialogs.wait import DeferDialog
from console.screens.read_first import ReadWhole
from console.screens.taken import who_settled
from console.view_models.approvals import needs_typing
from console.view_models.dossier import Card, make_card, voted
from console.view_models.editing import EDITED_MAX, to_text
from console.view_models.ink import Line
from console.view_models.summary import brief_of, current_arguments
from console.view_models.text import count, short_id
from console.work import Work
from core.commands import ApproveAction, DeferAction, DenyAction, EditAction, Remember
from core.errors import MaestroError
from core.ports import Dossier
from core.records import ApprovalRecord

T = TypeVar("T")
Way = Callable[[Dossier, ApprovalRecord, str], Coroutine[Any, Any, None]]


class Decider:
    """Carries one decision at a time. No row changes before the core has said so."""

    def __init__(
        self,
        screen: MaestroScreen,
        front: Front,
        whole: ReadWhole,
        *,
        held_back: Callable[[Decided], None],
    ) -> None:
        """`held_back` hears of each decision that can still be taken back."""
        self._screen = screen
        self._front = front
        self._whole = whole
        self._held_back = held_back
        self.busy = False
        self.about: ApprovalRecord | None = None  # the one action that is being decided, as shown
        self._several: tuple[ApprovalRecord, ...] = ()  # a group that is being decided
        self._dialog: Dialog[Any] | None = None

    def start(self, way: Way, dossier: Dossier, key: str) -> None:
        """Begin; the dossier given here is what the operator saw, whatever arrives meanwhile."""
        if dossier.approval is not None and not self.busy:
            self.about = dossier.approval
            self.carry(partial(way, dossier, dossier.approval, key))

    def carry(self, deciding: Work) -> None:
        """See one decision through; no other begins meanwhile."""
        if not self.busy:
            self.busy = True
            self._screen.show_keys()
            self._front.typed.start_asking(self._screen, partial(self._carry, deciding))

    async def _carry(self, deciding: Work) -> None:
        try:
            await deciding()
        finally:
            self.busy, self.about, self._several = False, None, ()
            self._screen.update()

    async def approve(self, dossier: Dossier, approval: ApprovalRecord, key: str) -> None:
        """Consent to exactly what was shown."""
        if not await self._typed(dossier, approval):
            return
        command = self._approval(dossier, approval, key)
        await self._settle("approve", [(approval, command)], _approved(approval))

    async def remember(self, dossier: Dossier, approval: ApprovalRecord, key: str) -> None:
        """Consent, and make a rule of it."""
        arguments = current_arguments(dossier)
        chosen = await self._ask(RememberDialog(self._front, dossier, arguments))
        if chosen is None or not await self._typed(dossier, approval):
            return
        command = self._approval(dossier, approval, key, remember=chosen)
        done = _approved(approval) + _(", with a rule")
        await self._settle("approve", [(approval, command)], done)

    async def deny(self, dossier: Dossier, approval: ApprovalRecord, key: str) -> None:
        """Refuse with a reason."""
        reason = await self._ask(ask_denial(self._front, [dossier]))
        if reason is not None:
            command = self._denial(dossier, reason, key)
            await self._settle(
                "deny", [(approval, command)], _("denied {id}").format(id=short_id(approval.id))
            )

    async def edit(self, dossier: Dossier, approval: ApprovalRecord, key: str) -> None:
        """Send other arguments, and consent to those."""
        text = await asyncio.to_thread(to_text, dossier.arguments_shown)
        if len(text) > EDITED_MAX:
            length = count(len(text), "character", "characters")
            self._screen.say(
                _("Too long to edit here: {length}. Deny it, and ask the agent for less.").format(
                    length=length
                ),
                severity="warning",
            )
            return
        edited = await self._ask(EditDialog(self._front, dossier, text))
        if edited is None or not await self._typed(dossier, approval, change=edited.change):
            return
        command = EditAction(
            operator=self._front.bridge.operator_id,
            shown_digest=dossier.shown_digest,
            key=key,
            action_id=approval.id,
            digest=approval.digest,
            arguments=edited.arguments,
        )
        done = _("sent the edit of {id}").format(id=short_id(approval.id))
        await self._settle("edit", [(approval, command)], done)

    async def defer(self, dossier: Dossier, approval: ApprovalRecord, key: str) -> None:
        """Not now."""
        minutes = await self._ask(DeferDialog(self._front, dossier))
        if minutes is None:
            return
        command = DeferAction(
            operator=self._front.bridge.operator_id,
            shown_digest=dossier.shown_digest,
            key=key,
            action_id=approval.id,
            until=self._front.bridge.clock.now() + timedelta(minutes=minutes),
        )
        self._front.typed.ask_no_more()
        try:
            await self._front.bridge.send(command)
        except MaestroError as error:
            self._screen.say(str(error), severity="error")
        else:
            self._screen.say(
                _("✓ put off {id} for {minutes} minutes").format(
                    id=short_id(approval.id), minutes=minutes
                )
            )

    async def group(self, chosen: list[ApprovalRecord], key: str) -> bool:
        """Decide several: each is shown whole, and gets its own command. False: none was taken."""
        items: list[GroupItem] = []
        for each in chosen:
            try:
                dossier = await self._front.bridge.show_action(each.id)
            except MaestroError as error:
                self._screen.say(f"{short_id(each.id)}: {error}", severity="warning")
                continue
            if dossier.approval is not None:
                # Arguments may be very long, and the loop that draws also answers the agents.
                card = await asyncio.to_thread(make_card, dossier, self._front.view())
                items.append(self._item(dossier, dossier.approval, card))
        if not items:
            return False
        self._several = tuple(item.approval for item in items)
        answer = await self._ask(GroupDialog(self._front, items, self._whole))
        if answer is None:
            return False
        if answer.approve:
            sent: list[tuple[ApprovalRecord, Deciding]] = [
                (item.approval, self._approval(item.dossier, item.approval, f"{key} a"))
                for item in answer.items
            ]
            await self._settle(
                "approve",
                sent,
                _("approved {actions}").format(actions=count(len(sent), "action", "actions")),
            )
            return True
        reason = await self._ask(ask_denial(self._front, [item.dossier for item in answer.items]))
        if reason is not None:
            sent = [
                (item.approval, self._denial(item.dossier, reason, f"{key} d"))
                for item in answer.items
            ]
            await self._settle(
                "deny",
                sent,
                _("denied {actions}").format(actions=count(len(sent), "action", "actions")),
            )
        return reason is not None

    def _item(self, dossier: Dossier, approval: ApprovalRecord, card: Card) -> GroupItem:
        alone = ""
        if needs_typing(approval.risk):
            alone = _("{value} risk is approved alone").format(value=_(approval.risk.value))
        elif voted(approval, self._front.bridge.operator_id):
            alone = _("you have approved it already")
        return GroupItem(dossier, approval, card, brief_of(dossier), alone)

    def _approval(
        self,
        dossier: Dossier,
        approval: ApprovalRecord,
        key: str,
        *,
        remember: Remember | None = None,
    ) -> ApproveAction:
        return ApproveAction(
            operator=self._front.bridge.operator_id,
            shown_digest=dossier.shown_digest,
            key=key,
            action_id=approval.id,
            digest=approval.digest,
            remember=remember,
        )

    def _denial(self, dossier: Dossier, reason: str, key: str) -> DenyAction:
        return DenyAction(
            operator=self._front.bridge.operator_id,
            shown_digest=dossier.shown_digest,
            key=key,
            action_id=dossier.record.id,
            reason=reason,
        )

    async def _typed(
        self, dossier: Dossier, approval: ApprovalRecord, *, change: Sequence[Line] | None = None
    ) -> bool:
        """High and critical risk: the hand must do what no habit does."""
        if not needs_typing(approval.risk):
            return True
        typed = await self._ask(TypeIdDialog(self._front, dossier, change))
        return typed is True

    async def _ask(self, dialog: Dialog[T]) -> T | None:
        self._dialog = dialog
        try:
            return await self._screen.shell.push_screen_wait(dialog)
        finally:
            self._dialog = None

    def follow(self) -> None:
        """Have the open dialog say what others settled or changed of what it asks about."""
        dialog, waiting = self._dialog, self._front.snapshot.approvals
        if dialog is None or dialog.over or waiting is None:
            return
        digests = {each.id: each.digest for each in waiting}
        asked = self._several if self.about is None else (self.about,)
        lost = [each for each in asked if digests.get(each.id) != each.digest]
        gone = {each.id: self._gone_words(each, edited=each.id in digests) for each in lost}
        if isinstance(dialog, GroupDialog):
            dialog.leave_out(gone)
        if gone and len(gone) == len(asked):
            dialog.end(gone[lost[-1].id])

    def _gone_words(self, approval: ApprovalRecord, *, edited: bool) -> str:
        if not edited:
            return who_settled(self._front, approval.id)
        changed = _("{action_id} was edited meanwhile: read it again")
        return changed.format(action_id=short_id(approval.id))

    async def _settle(
        self, verb: str, decisions: Sequence[tuple[ApprovalRecord, Deciding]], done: str
    ) -> None:
        """Send, or hold back for as long as the riskiest of them can be taken back."""
        self._front.typed.ask_no_more()
        outbox, now = self._front.outbox, self._front.bridge.clock.now()
        commands = [command for _, command in decisions]
        riskiest = max((approval.risk for approval, _ in decisions), key=lambda risk: risk.rank)
        ends = min(approval.expires_at for approval, _ in decisions)
        window_s = outbox.window_s(riskiest, (ends - now).total_seconds())
        if window_s <= 0:
            await outbox.send_now(commands, verb=verb, done=done)
            return
        self._held_back(outbox.hold(commands, verb=verb, done=done, window_s=window_s))


def _approved(approval: ApprovalRecord) -> str:
    """What is said once it is released; the outbox says when it goes on waiting."""
    if approval.votes_needed > 1:
        return say_votes(approval, approval.votes_needed)
    return _("approved {id}").format(id=short_id(approval.id))
