"""The fields of a sheet as people see them: names, labels in two languages, forms and choices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from disburse.domain.finding import Language
from disburse.domain.money import DIGITS
from disburse.domain.sheet import DEDUCTION_ITEMS, GROSS_ITEMS, Confirmation, IdType, Kind


class Form(Enum):
    """How a cell or member is written."""

    TEXT = auto()
    TEXTS = auto()  # JSON: an array of texts; tables: separated by 、 or ;
    COUNT = auto()  # a whole number
    DECIMAL = auto()  # at most two places: days, hours, quantities
    AMOUNT = auto()
    MONTH = auto()
    DATE = auto()
    INSTANT = auto()
    FLAG = auto()
    CHOICE = auto()


# A number cell can hold these without harm; anything else would lose digits or zeros.
NUMERIC_FORMS: Final = frozenset({Form.COUNT, Form.DECIMAL, Form.FLAG})


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a drop-down."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field: `name` is the code's, the JSON member's and the CSV column's."""

    name: str
    zh: str
    en: str
    form: Form = Form.TEXT
    required: bool = False
    limit: int = 60  # characters
    choices: tuple[Choice, ...] = ()
    strict: bool = True  # only the choices; otherwise they are suggestions
    width: int = 12  # of the template's column, in characters

    def label(self, language: Language) -> str:
        """Return what a person calls this field."""
        return self.zh if language == "zh" else self.en


_KINDS: Final = (
    Choice(Kind.REGULAR.value, "月度工资", "monthly wage"),
    Choice(Kind.BACK_PAY.value, "补发", "back pay"),
    Choice(Kind.FINAL_SETTLEMENT.value, "退场结算", "final settlement"),
    Choice(Kind.ADVANCE.value, "预支", "advance"),
    Choice(Kind.SUPPLEMENT.value, "补充", "supplement"),
)
_ID_TYPES: Final = (
    Choice(IdType.RESIDENT_CARD.value, "居民身份证", "resident identity card"),
    Choice(IdType.PASSPORT.value, "护照", "passport"),
    Choice(IdType.HK_MACAU_PERMIT.value, "港澳通行证", "HK/Macau permit"),
    Choice(IdType.TAIWAN_PERMIT.value, "台湾通行证", "Taiwan permit"),
    Choice(IdType.FOREIGN_CARD.value, "外国身份证件", "foreign card"),
)
_CONFIRMATIONS: Final = (
    Choice(Confirmation.SIGNATURE.value, "签字", "signature"),
    Choice(Confirmation.SMS.value, "短信", "text message"),
    Choice(Confirmation.FACE.value, "人脸", "face"),
    Choice(Confirmation.APP.value, "应用", "app"),
)
# Codes of the national real-name platform.
_TRADES: Final = (
    Choice("010", "砌筑工", "bricklayer"),
    Choice("020", "钢筋工", "rebar worker"),
    Choice("030", "架子工", "scaffolder"),
    Choice("040", "混凝土工", "concrete worker"),
    Choice("050", "模板工", "formwork worker"),
    Choice("120", "电工", "electrician"),
    Choice("190", "装饰装修工", "finisher"),
    Choice("240", "木工", "carpenter"),
    Choice("270", "焊工", "welder"),
    Choice("900", "管理人员", "management"),
)
_BANKS: Final = (
    Choice("102", "工商银行", "ICBC"),
    Choice("103", "农业银行", "ABC"),
    Choice("104", "中国银行", "BOC"),
    Choice("105", "建设银行", "CCB"),
    Choice("301", "交通银行", "BoCom"),
    Choice("308", "招商银行", "CMB"),
    Choice("403", "邮储银行", "PSBC"),
)
_FLAGS: Final = (Choice("true", "是", "yes"), Choice("false", "否", "no"))
_CURRENCIES: Final = tuple(Choice(code, code, code) for code in DIGITS)

HEADER_COLUMNS: Final = (
    Column(name="project", zh="项目编号", en="Project", required=True, width=24),
    Column(name="general_contractor", zh="总包统一社会信用代码", en="General contractor's number",
           required=True, limit=30, width=24),
    Column(name="subcontractor", zh="分包统一社会信用代码", en="Subcontractor's number",
           required=True, limit=30, width=24),
    Column(name="teams", zh="班组", en="Teams", form=Form.TEXTS),
    Column(name="period", zh="工资月份", en="Pay month", form=Form.MONTH, required=True),
    Column(name="worked_from", zh="工作起始日", en="Worked from", form=Form.DATE, required=True),
    Column(name="worked_to", zh="工作截止日", en="Worked to", form=Form.DATE, required=True),
    Column(name="pay_on", zh="发放日期", en="Pay on", form=Form.DATE, required=True),
    Column(name="currency", zh="币种", en="Currency", form=Form.CHOICE, required=True,
           choices=_CURRENCIES),
    Column(name="kind", zh="类型", en="Kind", form=Form.CHOICE, required=True, choices=_KINDS),
    Column(name="number", zh="表序号", en="Sheet number", form=Form.COUNT, required=True),
    Column(name="predecessor", zh="前一张表SHA-256", en="Predecessor's SHA-256", limit=64),
    Column(name="head_count", zh="人数", en="Head count", form=Form.COUNT, required=True),
    Column(name="total_net", zh="实发总额", en="Total net", form=Form.AMOUNT, required=True),
)  # fmt: skip

_GROSS_LABELS: Final = {
    "base": ("基本工资", "Base wage"),
    "piece": ("计件工资", "Piece wage"),
    "overtime": ("加班工资", "Overtime"),
    "allowance": ("津贴补贴", "Allowance"),
    "bonus": ("奖金", "Bonus"),
    "back_pay": ("补发金额", "Back pay amount"),
    "other": ("其他应发", "Other gross"),
}
_DEDUCTION_LABELS: Final = {
    "tax": ("个人所得税", "Tax"),
    "social_insurance": ("社会保险", "Social insurance"),
    "housing_fund": ("住房公积金", "Housing fund"),
    "maintenance": ("抚养赡养费", "Maintenance"),
    "damages": ("赔偿", "Damages"),
    "advance": ("已预支", "Advance paid"),
    "other": ("其他扣款", "Other deduction"),
}


def _items(
    prefix: str, names: tuple[str, ...], labels: dict[str, tuple[str, str]]
) -> tuple[Column, ...]:
    return tuple(
        Column(name=prefix + name, zh=labels[name][0], en=labels[name][1], form=Form.AMOUNT)
        for name in names
    )


GROSS_COLUMNS: Final = _items("gross_", GROSS_ITEMS, _GROSS_LABELS)
DEDUCTION_COLUMNS: Final = _items("deduction_", DEDUCTION_ITEMS, _DEDUCTION_LABELS)

LINE_COLUMNS: Final = (
    Column(name="number", zh="序号", en="No.", form=Form.COUNT, required=True, width=6),
    Column(name="name", zh="姓名", en="Name", required=True, limit=140, width=18),
    Column(name="id_type", zh="证件类型", en="ID type", form=Form.CHOICE, required=True,
           choices=_ID_TYPES, width=16),
    Column(name="id_number", zh="证件号码", en="ID number", required=True, limit=40, width=22),
    Column(name="mobile", zh="手机号", en="Mobile", limit=20, width=14),
    Column(name="team", zh="所属班组", en="Team"),
    Column(name="trade", zh="工种", en="Trade", limit=20, choices=_TRADES, strict=False),
    Column(name="days", zh="出勤天数", en="Days", form=Form.DECIMAL, width=9),
    Column(name="hours", zh="工时", en="Hours", form=Form.DECIMAL, width=9),
    Column(name="quantity", zh="计件数量", en="Quantity", form=Form.DECIMAL, width=9),
    Column(name="unit_price", zh="计件单价", en="Unit price", form=Form.AMOUNT),
    *GROSS_COLUMNS,
    Column(name="gross", zh="应发合计", en="Gross", form=Form.AMOUNT, required=True),
    *DEDUCTION_COLUMNS,
    Column(name="total_deductions", zh="扣款合计", en="Total deductions", form=Form.AMOUNT,
           required=True),
    Column(name="net", zh="实发金额", en="Net", form=Form.AMOUNT, required=True),
    Column(name="bank_code", zh="银行代码", en="Bank code", limit=20, choices=_BANKS,
           strict=False, width=16),
    Column(name="bank_name", zh="开户银行", en="Bank", limit=140, width=20),
    Column(name="account", zh="银行账号", en="Account", required=True, limit=50, width=24),
    Column(name="back_pay", zh="是否补发", en="Back pay", form=Form.FLAG, choices=_FLAGS),
    Column(name="confirmed_by", zh="确认方式", en="Confirmed by", form=Form.CHOICE,
           choices=_CONFIRMATIONS, width=16),
    Column(name="confirmed_at", zh="确认时间", en="Confirmed at", form=Form.INSTANT, width=26),
    Column(name="confirmation_digest", zh="确认凭证SHA-256", en="Evidence SHA-256", limit=64,
           width=20),
)  # fmt: skip

HEADER: Final = {column.name: column for column in HEADER_COLUMNS}
LINE: Final = {column.name: column for column in LINE_COLUMNS}


def by_label(columns: tuple[Column, ...]) -> dict[str, Column]:
    """Return every spelling of a column's name in a table, in small letters without blanks."""
    spellings: dict[str, Column] = {}
    for column in columns:
        zh, en = column.zh, column.en
        for label in (column.name, zh, en, zh + en, en + zh):
            spellings[spelling(label)] = column
    return spellings


def choices_by_label(column: Column) -> dict[str, str]:
    """Return the code of every spelling of a choice: as code, as label, or as in a drop-down."""
    return {
        spelling(label): choice.code
        for choice in column.choices
        for label in (choice.code, choice.zh, choice.en, choice.code + choice.zh,
                      choice.code + choice.en)
    }  # fmt: skip


def spelling(label: str) -> str:
    """Return a label without what people vary: blanks, capitals, the star of required fields."""
    return "".join(label.replace("*", "").split()).casefold()
