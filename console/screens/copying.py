"""What `y` copies: what a row is called, then the row, then all of it as JSON."""

import json
from collections.abc import Mapping

from console.language import _


class Copier:
    """Pressed again on the same thing, it gives the next form."""

    def __init__(self) -> None:
        self._name = ""
        self._times = 0

    def next_form(
        self, name: str, cells: Mapping[str, str], whole: str, key: str
    ) -> tuple[str, str]:
        """The text to copy, and the sentence that says what it is.

        `cells` are the row's columns, `whole` its JSON where there is better than those.
        """
        forms = [("", name)]
        if cells:
            forms.append((_("the row "), "\t".join(cells.values())))
            forms.append((_("the JSON of "), whole or json.dumps(cells, ensure_ascii=False)))
        self._times = self._times + 1 if self._name == name else 0
        self._name = name
        what, text = forms[self._times % len(forms)]
        following = forms[(self._times + 1) % len(forms)][0] or _("the name ")
        more = (
            _(" {key} again: {following}.").format(
                key=key, following=following.removesuffix(" of ").strip()
            )
            if cells
            else ""
        )
        return text, _("Copied {what}{name}.{more}").format(what=what, name=name, more=more)
