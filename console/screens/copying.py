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
        forms = [(_("Copied {name}."), _("the name"), name)]
        if cells:
            row = "\t".join(cells.values())
            forms.append((_("Copied the row {name}."), _("the row"), row))
            told = whole or json.dumps(cells, ensure_ascii=False)
            forms.append((_("Copied the JSON of {name}."), _("the JSON"), told))
        self._times = self._times + 1 if self._name == name else 0
        self._name = name
        said, _what, text = forms[self._times % len(forms)]
        following = forms[(self._times + 1) % len(forms)][1]
        more = _(" {key} again: {following}.").format(key=key, following=following) if cells else ""
        return text, said.format(name=name) + more
