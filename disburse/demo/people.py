"""Invented people: 120 workers made of word lists, the same on every run. Nobody real is meant.

Names join a common surname with a year of the sixty-year cycle (赵甲子), so that they read like
names and belong to nobody. Identity numbers carry the region 620299, which was never assigned; card
numbers are an issuer's prefix, zeros and a count. Only their check digits are right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from disburse.domain.roster import Enrolment
from disburse.domain.sheet import IdType

WORKERS: Final = 120
JOINED_ON: Final = date(2026, 3, 1)

_SURNAMES: Final = "赵钱孙李周吴郑王"
_STEMS: Final = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES: Final = "子丑寅卯辰巳午未申酉戌亥"
# Names that banks stumble over: characters outside GBK, and names of two parts with a middle dot.
_RARE: Final = {7: "李䶮", 19: "周𬭩", 58: "王䶮丑", 93: "吴𬭩寅"}
_FIRST_PARTS: Final = ("买买提", "艾力", "吐尔逊", "努尔兰", "古丽", "叶尔肯")
_SECOND_PARTS: Final = ("阿卜杜热合曼", "卡德尔", "依明", "哈力克", "巴合提")
_EVERY_WITH_DOT: Final = 8

# Code of the bank on the national platform, its name, the prefix of its cards.
BANKS: Final = (
    ("102", "工商银行", "621226"),
    ("103", "农业银行", "622848"),
    ("104", "中国银行", "621661"),
    ("105", "建设银行", "621700"),
    ("301", "交通银行", "622260"),
    ("403", "邮储银行", "621799"),
)
# Code of the trade on the national platform, its team, and the wage of a day in fen.
TRADES: Final = (
    ("020", "钢筋班", 34_000),
    ("050", "模板班", 33_000),
    ("040", "混凝土班", 30_000),
    ("010", "砌筑班", 31_000),
    ("030", "架子班", 35_000),
    ("270", "焊工班", 36_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An invented worker, counted from 1 on the whole site."""

    place: int
    name: str
    id_number: str
    mobile: str
    team: str
    trade: str
    day_rate: int  # fen
    bank_code: str
    bank_name: str
    account: str

    def enrolment(self, joined_on: date = JOINED_ON) -> Enrolment:
        """Return the worker's entry in the roster."""
        return Enrolment(
            name=self.name,
            id_type=IdType.RESIDENT_CARD,
            id_number=self.id_number,
            joined_on=joined_on,
            account=self.account,
            bank_code=self.bank_code,
            bank_name=self.bank_name,
            mobile=self.mobile,
            team=self.team,
            trade=self.trade,
        )

    def with_new_card(self) -> Worker:
        """Return the worker with a card of the next bank."""
        bank_code, bank_name, prefix = BANKS[(self.place + 1) % len(BANKS)]
        card = a_card(prefix, WORKERS + self.place)
        return replace(self, bank_code=bank_code, bank_name=bank_name, account=card)


def a_worker(place: int) -> Worker:
    """Return worker `place` of the site."""
    bank_code, bank_name, prefix = BANKS[place % len(BANKS)]
    trade, team, day_rate = TRADES[place % len(TRADES)]
    return Worker(
        place=place,
        name=_name(place),
        id_number=an_identity_number(place),
        mobile=f"199{place:08d}",
        team=team,
        trade=trade,
        day_rate=day_rate,
        bank_code=bank_code,
        bank_name=bank_name,
        account=a_card(prefix, place),
    )


def an_identity_number(place: int) -> str:
    """Return a number that GB 11643 allows and no office has given out."""
    born = date(1968, 1, 15) + timedelta(days=place * 97)
    body = f"620299{born:%Y%m%d}{place:03d}"
    weighed = sum(int(digit) * 2 ** (17 - at) for at, digit in enumerate(body))
    return body + "10X98765432"[weighed % 11]


def a_card(prefix: str, place: int) -> str:
    """Return a card number of 19 digits whose last one follows Luhn."""
    body = f"{prefix}{place:012d}"
    doubled = (int(digit) * (2 if at % 2 else 1) for at, digit in enumerate(body))
    return body + str(-sum(sum(divmod(digit, 10)) for digit in doubled) % 10)


def a_credit_code(place: int) -> str:
    """Return a unified social credit code that GB 32100 allows."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91620299MA{place:07d}"
    weighed = sum(alphabet.index(one) * 3**at for at, one in enumerate(body))
    return body + alphabet[-weighed % 31]


def _name(place: int) -> str:
    if place in _RARE:
        return _RARE[place]
    turn, rest = divmod(place, _EVERY_WITH_DOT)
    if rest == 0:
        first = _FIRST_PARTS[turn % len(_FIRST_PARTS)]
        return f"{first}·{_SECOND_PARTS[turn % len(_SECOND_PARTS)]}"
    year = _STEMS[place % len(_STEMS)] + _BRANCHES[place % len(_BRANCHES)]
    return _SURNAMES[place % len(_SURNAMES)] + year
