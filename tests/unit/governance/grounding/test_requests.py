"""What a request asks for, in English and in Portuguese, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance.grounding.request import read_request, read_verbs
from core.governance.grounding.rules import ground_action, needs_operator
from core.governance.grounding.vocabulary import FAMILIES, READING_VERBS
from core.governance.grounding.vocabulary_pt import TELLING_FORMS, VERB_FORMS
from tests.factories import make_action


@pytest.mark.parametrize(
    ("purpose", "verbs"),
    [
        ("Do not delete anything", set[str]()),
        ("Don't send any email", set[str]()),
        ("Never delete them", set[str]()),
        ("Summarize it without sending or posting anything", set[str]()),
        ("Be careful not to delete it", set[str]()),
        ("Summarize it instead of sending it", set[str]()),
        ("It must not be deleted", set[str]()),
        ("Do not email it to Bob, archive it", {"archive"}),
        ("Not only send it but archive it", {"send", "archive"}),
        ("Do not forget to invite Mark", {"invite"}),
        ("I can't find it; send it to Bob", {"send"}),
        ("It needs to be deleted", {"delete"}),
        ("or delete it", {"delete"}),
        ("Por favor, apague o arquivo e envie o relatório", {"delete", "send"}),
        ("Quero remarcar a reunião", {"reschedule"}),
        ("Paga a fatura 12", {"pay"}),
        ("O cliente paga a fatura", set[str]()),
        ("Não apague nada, só liste", set[str]()),
        ("Resuma em vez de enviar", set[str]()),
        ("Prossiga sem enviar nem publicar", set[str]()),
        ("Delete the old logs\nWait, do not delete anything", set[str]()),
        ("Send it to Bob and archive it\nStop sending!", {"archive", "stop"}),
        ("Send it to Bob\nDon't send it yet\nNow send it", {"send"}),
        ("Send it to Bob\nDo not send the draft", {"send"}),
        ("Send it to Bob. Do not send it to Eve.", {"send"}),
        ("Envie o resumo\nPare de enviar", {"stop"}),
        ("Apague os logs\nNão apague nada", set[str]()),
    ],
)
def test_what_is_asked_for_counts_and_what_is_refused_does_not(
    purpose: str, verbs: set[str]
) -> None:
    assert read_request(purpose).verbs == verbs


@pytest.mark.parametrize(
    ("purpose", "asks"),
    [
        ("Envie o resumo para ana@x.com", False),
        ("Envie o resumo para eva@x.com", True),
        ("Não envie nada para ana@x.com", True),
        ("Do not send anything to ana@x.com", True),
        ("Send the summary to ana@x.com", False),
    ],
)
def test_a_mail_is_sent_where_the_user_wants_it_sent(purpose: str, *, asks: bool) -> None:
    action = make_action(
        kind="tool.call", resource="send_email", arguments={"to": "ana@x.com"}, purpose=purpose
    )
    assert needs_operator(ground_action(action), purpose_known=True) is asks


def test_each_portuguese_form_stands_for_a_verb_that_is_known() -> None:
    known = READING_VERBS.union(*(family.request_verbs for family in FAMILIES))
    assert set(VERB_FORMS.values()) <= known
    assert set(VERB_FORMS) >= TELLING_FORMS


WORDS = ("or", "send", "not", "delete", "to", "nem", "ou", "sem", ".", ",", "and", "t", "don")


@given(st.lists(st.sampled_from(WORDS)))
def test_a_refusal_before_a_text_never_adds_a_verb(words: list[str]) -> None:
    text = " ".join(words)
    assert read_verbs(f"do not {text}") <= read_verbs(text)


@given(st.integers(1, 9))
def test_a_refusal_reaches_what_is_joined_to_it(count: int) -> None:
    assert not read_verbs("do not " + " or ".join(["delete"] * count))
