"""What words of requests, tool names and argument keys mean. Data, no decisions.

Word lists are written out per family of operations; forms such as "sending" and "to be sent" are
derived in `request.py`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.governance.grounding.vocabulary_pt import COUNTS_PT, HINT_WORDS, OBJECT_WORDS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family of operations: verbs in tool names, and verbs by which users ask for it."""

    name: str
    tool_verbs: frozenset[str]
    request_verbs: frozenset[str]
    generic_verbs: frozenset[str] = frozenset()  # say nothing without their object
    consequential: bool = False  # hard to take back: a described target is not enough


READ_VERBS: Final = _words(
    "get list read search find fetch show view lookup look query check count describe retrieve "
    "download browse inspect summarize summarise calculate compute compare verify validate is has "
    "exists who whoami what when where status info ping help preview scan watch monitor "
    "analyze analyse filter sort visit crawl scrape peek tail head stat diff estimate "
    "translate parse current recall grep glob ls cat navigate explain wait hover"
)

SHOWN_THINGS: Final = _words(
    "log logs history snapshot screenshot messages requests tree top ps stats"
)
"""What a tool shows whose name says only that, and of what: "pods_log", "browser_snapshot"."""

SHOWN_OF: Final = _words(
    "browser page console network take pod node container conversation channel directory "
    "repository git docker kubectl"
)
"""Words that stand before them and do nothing to them, as "restore" and "rewrite" would."""

READING_VERBS: Final = _words(
    "visit read open click browse fetch download check see go get look navigate"
)
"""Verbs by which a text sends its reader to a page."""

FAMILIES: Final = (
    Family(
        name="pay",
        tool_verbs=_words(
            "pay transfer refund charge buy purchase withdraw deposit donate wire reimburse settle "
            "tip topup checkout trade sell swap remit repay"
        ),
        request_verbs=_words(
            "pay transfer send wire refund reimburse settle remit return donate buy purchase split "
            "cover deposit give lend repay charge withdraw trade sell swap tip order reorder"
        ),
        consequential=True,
    ),
    Family(
        name="book",
        tool_verbs=_words("book reserve rent order hire"),
        request_verbs=_words("book reserve rent order reorder hire buy purchase schedule arrange"),
        consequential=True,
    ),
    Family(
        name="delete",
        tool_verbs=_words(
            "delete remove cancel clear erase drop discard trash purge destroy unpublish revoke "
            "kick ban uninstall unsubscribe terminate kill wipe truncate leave unshare reject block"
        ),
        request_verbs=_words(
            "delete remove cancel clear erase drop discard trash purge destroy unpublish revoke "
            "kick ban uninstall unsubscribe terminate kill wipe truncate leave unshare reject "
            "block undo clean tidy dismiss withdraw"
        ),
        generic_verbs=_words("delete remove clear"),
        consequential=True,
    ),
    Family(
        name="invite",
        tool_verbs=_words("invite onboard enroll"),
        request_verbs=_words("invite add include onboard enroll register"),
        consequential=True,
    ),
    Family(
        name="share",
        tool_verbs=_words("share grant allow authorize permit"),
        request_verbs=_words("share grant give allow authorize permit provide"),
        consequential=True,
    ),
    Family(
        name="move",
        tool_verbs=_words("move reschedule shift postpone transition"),
        request_verbs=_words(
            "move reschedule shift postpone delay push bring change update transfer put rename"
        ),
    ),
    Family(
        name="send",
        tool_verbs=_words(
            "send email mail message notify reply forward post text tell dm broadcast publish "
            "comment chat respond announce tweet contact call submit answer"
        ),
        request_verbs=_words(
            "send email mail message notify reply forward post text tell dm ping broadcast publish "
            "comment chat respond announce tweet contact call submit answer write inform share ask "
            "remind report thank congratulate"
        ),
        generic_verbs=_words("send"),
    ),
    Family(
        name="update",
        tool_verbs=_words(
            "update change edit modify set patch replace rename adjust configure assign mark "
            "toggle enable disable reset correct fix apply merge close reopen resolve complete "
            "archive pin increase decrease sync approve transition write save put append push "
            "commit restore rollback revert overwrite rewrite rotate promote demote suspend"
        ),
        request_verbs=_words(
            "update change edit modify set patch replace rename adjust configure assign mark "
            "toggle enable disable reset correct fix apply merge close reopen resolve complete "
            "archive pin increase decrease sync approve switch turn raise lower swap refresh "
            "extend shorten adapt revise improve amend refactor rewrite restore rollback revert "
            "overwrite rotate promote demote suspend"
        ),
        generic_verbs=_words("update change edit modify set"),
    ),
    Family(
        name="run",
        tool_verbs=_words(
            "run rerun retry execute start stop restart deploy invoke trigger launch eval install "
            "scale shutdown reboot test"
        ),
        request_verbs=_words(
            "run rerun retry execute start stop restart deploy invoke trigger launch evaluate "
            "install scale shutdown reboot test"
        ),
    ),
    Family(
        name="create",
        tool_verbs=_words(
            "create add make new insert register generate build open compose draft write save "
            "upload put append schedule plan record log store import copy duplicate fork init "
            "attach push commit set export"
        ),
        request_verbs=_words(
            "create add make insert register generate build open compose draft write save upload "
            "put append schedule plan record log store import copy duplicate fork set book "
            "arrange organize organise prepare note include attach extend implement invite remind "
            "push commit export"
        ),
        generic_verbs=_words("create add make insert write save put"),
    ),
)

NOUN_VERBS: Final = _words(
    "email mail message text dm post note book schedule order share transfer invite update answer "
    "report comment rent pay reply forward change move call contact plan set record tip refund "
    "deposit log copy draft charge return cover tweet chat open close complete clean store build "
    "test start stop run mark push import fork trade switch turn drop block leave swap wire split "
    "give fix patch clear trash ping pin lower raise hire commit visit read check look get"
)
"""Verbs that are as often nouns or adjectives: they count only where a verb would stand."""

VERB_LEADS: Final = _words(
    "please and then to also or you just we not must should can could would will shall ll now t "
    "do let lets finally next first kindly after there"
)
REFUSALS: Final = _words("not never without avoid t dont stop")
"""Directly before a verb, they say what is not to be done; "t" is what is left of "don't"."""

PASSIVE_LEADS: Final = _words("be been being get got have has had want wants need needs should")
PHRASES: Final = {
    r"\blet (?:\w+ ){1,3}know\b": "inform",
    r"\bget rid of\b": "remove",
    r"\bcall(?:ing)? off\b": "cancel",
}
COUNTS: Final = {
    word: f"{number}"
    for words in ("two three four five six seven eight nine ten eleven twelve", COUNTS_PT)
    for number, forms in enumerate(words.split(), start=2)
    for word in forms.split("/")
}
"""Numbers that people write as words. "one" is left out: it is as often no number."""
IRREGULAR: Final = {
    "sent": "send",
    "made": "make",
    "paid": "pay",
    "written": "write",
    "put": "put",
    "given": "give",
    "bought": "buy",
    "told": "tell",
    "set": "set",
    "built": "build",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectClass:
    """What a tool works on: nouns in tool names, and words by which users speak of it."""

    name: str
    tool_nouns: frozenset[str]
    request_words: frozenset[str]


OBJECTS: Final = (
    ObjectClass(
        name="money",
        tool_nouns=_words("money payment transaction funds invoice bill order payout"),
        request_words=_words(
            "money payment transaction transfer funds invoice bill rent refund fee subscription "
            "salary loan deposit debt price cost amount total pay standing bank account iban usd "
            "eur gbp chf dollar euro pound franc yen"
        )
        | OBJECT_WORDS["money"],
    ),
    ObjectClass(
        name="credential",
        tool_nouns=_words("password passphrase pin credential secret token"),
        request_words=_words("password passphrase pin credential secret token login")
        | OBJECT_WORDS["credential"],
    ),
    ObjectClass(
        name="message",
        tool_nouns=_words("email mail message dm sms chat"),
        request_words=_words("email mail message dm sms chat text reply inbox")
        | OBJECT_WORDS["message"],
    ),
    ObjectClass(
        name="event",
        tool_nouns=_words("event meeting appointment calendar reminder"),
        request_words=_words(
            "event meeting appointment calendar reminder lunch dinner breakfast brunch coffee "
            "call session class party reunion slot schedule reservation checkup trip interview "
            "participants invite"
        )
        | OBJECT_WORDS["event"],
    ),
    ObjectClass(
        name="file",
        tool_nouns=_words("file document doc folder directory sheet spreadsheet"),
        request_words=_words(
            "file document doc folder directory sheet spreadsheet list report notes drive pdf "
            "attachment minutes letter script readme docx xlsx pptx txt csv md json yaml toml html "
            "py"
        )
        | OBJECT_WORDS["file"],
    ),
)


class Role(StrEnum):
    """What an argument is for."""

    OUTWARD = "outward"  # an address outside: e-mail, account, phone
    URL = "url"
    NAME = "name"  # a user, channel, file … inside the workspace
    ID = "id"  # an opaque handle from an earlier look-up
    AMOUNT = "amount"
    SECRET = "secret"  # noqa: S105 - a role, not a secret
    SETTING = "setting"  # the new value of something that is being changed
    CONTENT = "content"
    IGNORED = "ignored"


ROLE_KEYS: Final = {
    Role.SECRET: _words("password passwd passphrase pin secret"),
    Role.AMOUNT: _words("amount price total sum cost fee"),
    Role.ID: _words("id ids uuid guid"),
    Role.URL: _words(
        "url urls uri link links href webhook endpoint website domain host hostname callback"
    ),
    Role.OUTWARD: _words(
        "recipient recipients to cc bcc participants participant attendees attendee invitees "
        "invitee guests guest email emails receiver payee beneficiary creditor iban bic account "
        "wallet phone mobile destination dest"
    ),
    Role.NAME: _words(
        "user username users member members channel channels group room team folder directory dir "
        "path paths file filename filepath files attachment attachments repo repository branch "
        "project database db table bucket hotel restaurant company airline organization org "
        "owner label board space queue topic service server target assignee resource"
    ),
    Role.CONTENT: _words(
        "subject body description title content contents message text summary note notes comment "
        "query location reason caption html markdown data payload prompt instructions input reply "
        "attributes memo"
    ),
    Role.IGNORED: _words(
        "date day time start end datetime timestamp type kind limit offset page sender from method "
        "format language timezone priority status recurring headers permission currency unit "
        "frequency interval"
    ),
}

HINTS: Final = {
    "people": _words(
        "user users people person persons everyone everybody member members colleague colleagues "
        "employee employees team someone all each them her him who whoever participants attendees "
        "client customer friend guests"
    )
    | HINT_WORDS["people"],
    "place": _words("channel channels group room chat team there") | HINT_WORDS["place"],
    "thing": _words(
        "file files document documents doc folder drive list event meeting appointment email "
        "message checkup report sheet it"
    )
    | HINT_WORDS["thing"],
}
"""Words by which a request describes a target that it does not name."""

HINTED_KEYS: Final = {
    **dict.fromkeys(
        _words(
            "user username users member members recipient recipients to cc bcc participants "
            "participant attendees attendee invitees invitee guests guest email emails assignee "
            "owner receiver"
        ),
        "people",
    ),
    **dict.fromkeys(_words("channel channels group room team"), "place"),
    **dict.fromkeys(_words("file filename files id ids attachment attachments"), "thing"),
}
