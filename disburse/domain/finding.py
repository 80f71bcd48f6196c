"""What is wrong with a payroll sheet or one of its lines, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Final, Literal


class Effect(StrEnum):
    """What a finding does to the sheet."""

    REFUSES_SHEET = "refuses-sheet"  # nothing of the sheet is taken
    BLOCKS_LINE = "blocks-line"  # this line is not paid until cleared or set aside
    ADVISES = "advises"  # shown to people, stops nothing


class Code(StrEnum):
    """Stable names of findings."""

    MISSING_FIELD = "missing-field"
    UNKNOWN_FIELD = "unknown-field"
    REPEATED_FIELD = "repeated-field"
    WRONG_TYPE = "wrong-type"
    BAD_TEXT = "bad-text"
    BAD_CHOICE = "bad-choice"
    BAD_AMOUNT = "bad-amount"
    BAD_NUMBER = "bad-number"
    BAD_DATE = "bad-date"
    NEGATIVE = "negative"
    OVER_LIMIT = "over-limit"
    FORMULA = "formula"
    NUMERIC_IDENTITY = "numeric-identity"
    HIDDEN = "hidden"
    NO_LINES = "no-lines"
    BAD_SEQUENCE = "bad-sequence"
    SAME_WORKER_TWICE = "same-worker-twice"
    ARITHMETIC = "arithmetic"
    HEADER_COUNT = "header-count"
    HEADER_TOTAL = "header-total"
    PERIOD_MISMATCH = "period-mismatch"
    PREDECESSOR_MISSING = "predecessor-missing"
    BAD_IDENTITY_NUMBER = "bad-identity-number"
    BAD_ACCOUNT = "bad-account"
    ZERO_NET = "zero-net"
    DAMAGES_OVER_LIMIT = "damages-over-limit"
    UNCONFIRMED = "unconfirmed"
    UNPAYABLE = "unpayable"
    NOT_ON_ROSTER = "not-on-roster"
    ACCOUNT_DIFFERS = "account-differs"
    REPEATS = "repeats"
    SAME_AMOUNT = "same-amount"
    BAD_MOBILE = "bad-mobile"
    BAD_BANK_CODE = "bad-bank-code"
    BAD_REGISTRATION = "bad-registration"


Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows from a finding, and how it is said; `{names}` are filled from its facts."""

    effect: Effect
    en: str
    zh: str
    clearable: bool = False  # a labour officer's act, with a reason, lets the line be paid


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, where it is, and what was found there."""

    code: Code
    line: int | None = None  # the line's number on the sheet; None: the header, or no number yet
    row: int | None = None  # where it stands in the file, from 1 (JSON: the place among the lines)
    column: str = ""  # a field's name
    value: str = ""  # already masked
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def effect(self) -> Effect:
        """Return what this does to the sheet."""
        return RULES[self.code].effect

    @property
    def clearable(self) -> bool:
        """Tell whether a labour officer's act lets the line be paid all the same."""
        return RULES[self.code].clearable


class _Facts(dict[str, object]):
    """A finding kept from an older version may lack a fact: the sentence still stands."""

    def __missing__(self, key: str) -> str:
        return "…"


def say(finding: Finding, language: Language) -> str:
    """Return one sentence or two: what is wrong, and what to do."""
    rule = RULES[finding.code]
    facts = _Facts(finding.facts, column=finding.column, value=finding.value)
    return (rule.zh if language == "zh" else rule.en).format_map(facts)


_refuses = partial(Rule, Effect.REFUSES_SHEET)
_blocks = partial(Rule, Effect.BLOCKS_LINE)
_advises = partial(Rule, Effect.ADVISES)

RULES: Final[Mapping[Code, Rule]] = {
    # The file's structure and its cells: found by `disburse.sheetfile`.
    Code.MISSING_FIELD: _refuses(
        "“{column}” is missing or empty. Fill it in.",
        "缺少“{column}”或其内容为空。请补填。",
    ),
    Code.UNKNOWN_FIELD: _refuses(
        "“{column}” is not a field of a payroll sheet. Remove it, or use the template's name.",
        "“{column}”不是工资支付表的栏目。请删除，或改用模板中的栏目名称。",
    ),
    Code.REPEATED_FIELD: _refuses(
        "“{column}” stands here more than once. Keep one.",
        "“{column}”重复出现。请只保留一个。",
    ),
    Code.WRONG_TYPE: _refuses(
        "“{column}” must be {wanted}, found {value}. Write it in that form.",
        "“{column}”的类型应为 {wanted}，实际为 {value}。请按要求的形式填写。",
    ),
    Code.BAD_TEXT: _refuses(
        "“{column}” is not plain text of at most {limit} characters, or has another form than "
        "this field wants. Shorten it, remove invisible characters, or copy it again.",
        "“{column}”应为不超过 {limit} 个字符的普通文字，并符合该栏目的格式。"
        "请缩短、删除不可见字符或重新填写。",
    ),
    Code.BAD_CHOICE: _refuses(
        "“{value}” is not a choice for “{column}”. Use one of: {choices}.",
        "“{column}”不能填“{value}”。可选：{choices}。",
    ),
    Code.BAD_AMOUNT: _refuses(
        "“{column}”: {value} is not an exact amount. Write plain decimals, such as 6500.00, with "
        "no more places than {currency} has.",
        "“{column}”：{value} 不是准确的金额。请写成 6500.00 这样的数字，"
        "小数位数不超过 {currency} 的规定。",
    ),
    Code.BAD_NUMBER: _refuses(
        "“{column}”: {value} is not {wanted}. Correct it.",
        "“{column}”：{value} 不是有效的数字（{wanted}）。请改正。",
    ),
    Code.BAD_DATE: _refuses(
        "“{column}”: {value} is not a date here. Type it as text, like {wanted}.",
        "“{column}”：{value} 不是有效的日期。请以文本填写，例如 {wanted}。",
    ),
    Code.NEGATIVE: _refuses(
        "“{column}” is below zero. Amounts have no sign: what is taken off is a deduction.",
        "“{column}”为负数。金额不带符号，应扣的金额请填在扣款栏。",
    ),
    Code.OVER_LIMIT: _refuses(
        "“{column}” is over the limit of {limit}. Correct it, or split the sheet.",
        "“{column}”超过上限 {limit}。请改正，或拆分成多张表。",
    ),
    Code.FORMULA: _refuses(
        "“{column}” holds a formula, or text that begins like one (= + - @). "
        "Paste it as plain text.",
        "“{column}”含有公式，或以 = + - @ 开头的内容。请粘贴为纯文本。",
    ),
    Code.NUMERIC_IDENTITY: _refuses(
        "“{column}” is a number cell; spreadsheets destroy long numbers and leading zeros. Format "
        "the column as text, as in the template, and type the value again.",
        "“{column}”是数值单元格，电子表格会损坏长数字和前导零。请按模板设为文本格式后重新输入。",
    ),
    Code.HIDDEN: _refuses(
        "{what} is hidden, so people would sign what they cannot see. Show it, or delete it.",
        "{what} 被隐藏，签字人看不到其内容。请取消隐藏或删除。",
    ),
    Code.NO_LINES: _refuses(
        "The sheet has no lines. Add one line per worker.",
        "表中没有工资明细。请为每名工人填写一行。",
    ),
    # The sheet as a whole: found by `disburse.domain.checks`.
    Code.BAD_SEQUENCE: _refuses(
        "This line is numbered {value}, but {wanted} comes here. Number the lines 1, 2, 3 ….",
        "本行序号为 {value}，应为 {wanted}。请按 1、2、3…… 连续编号。",
    ),
    Code.SAME_WORKER_TWICE: _refuses(
        "The worker {value} stands on line {first} already. Put everything for one worker on one "
        "line.",
        "工人 {value} 已在第 {first} 行出现。同一工人请合并为一行。",
    ),
    Code.ARITHMETIC: _refuses(
        "“{column}” says {value}, but its parts make {wanted}. Correct the amount or the parts.",
        "“{column}”填写为 {value}，按明细计算应为 {wanted}。请改正合计或明细。",
    ),
    Code.HEADER_COUNT: _refuses(
        "The header counts {value} workers, the sheet has {wanted} lines. Correct one of them.",
        "表头人数为 {value}，明细共 {wanted} 行。请改正。",
    ),
    Code.HEADER_TOTAL: _refuses(
        "The header's total net is {value}, the lines add up to {wanted}. Correct one of them.",
        "表头实发总额为 {value}，明细合计为 {wanted}。请改正。",
    ),
    Code.PERIOD_MISMATCH: _refuses(
        "The work from {from} to {to} does not belong to a {kind} sheet of {period}. A regular "
        "sheet covers at most {days} days and touches its month; other kinds begin before the "
        "month ends. Correct the month or the days.",
        "工作日期 {from} 至 {to} 与 {period} 月的 {kind} 表不符："
        "regular 表最多 {days} 天且须与工资月份重叠，"
        "其他类型的起始日不得晚于当月月末。请改正工资月份或起止日期。",
    ),
    Code.PREDECESSOR_MISSING: _refuses(
        "Sheet number {number} must name the SHA-256 of the sheet before it, and number 1 must "
        "not. Correct “number” or “predecessor”.",
        "第 {number} 号表须填写前一张表的 SHA-256，第 1 号表不得填写。"
        "请改正“number”或“predecessor”。",
    ),
    # One line: found by `disburse.domain.checks`.
    Code.BAD_IDENTITY_NUMBER: _blocks(
        "The number {value} cannot stand on a {paper}. Compare it with the worker's paper.",
        "证件号码 {value} 与证件类型 {paper} 不符。请与工人证件核对。",
    ),
    Code.BAD_ACCOUNT: _blocks(
        "No bank can have issued the account {value}. Compare it with the worker's card.",
        "银行账号 {value} 校验不通过。请与工人银行卡核对。",
    ),
    Code.ZERO_NET: _blocks(
        "Nothing is left to pay. Set the line aside, or correct the amounts in a new sheet.",
        "实发金额为零。请将本行搁置，或在新表中改正。",
    ),
    Code.DAMAGES_OVER_LIMIT: _blocks(
        "Damages of {value} are more than {percent} % of the month's wage of {gross}. Lower the "
        "deduction in a new sheet.",
        "赔偿扣款 {value} 超过当月工资 {gross} 的 {percent}%。请在新表中降低扣款。",
    ),
    Code.UNCONFIRMED: _blocks(
        "The worker has not confirmed this line. Get the confirmation, or clear it with a reason.",
        "工人尚未确认本行。请取得本人确认，或说明理由后放行。",
        clearable=True,
    ),
    # One line against what is stored: found by the steps.
    Code.UNPAYABLE: _blocks(
        "The bank would refuse “{field}”: {detail}",
        "银行无法接受“{field}”：{detail}",
    ),
    Code.NOT_ON_ROSTER: _blocks(
        "The worker {value} is not on this project's roster. Register the worker, then review the "
        "line again.",
        "工人 {value} 不在本项目实名制名册中。请先登记，再复核本行。",
    ),
    Code.ACCOUNT_DIFFERS: _blocks(
        "The account {value} is not the one on the roster ({known}). Ask the worker; correct the "
        "roster, or clear it with a reason.",
        "银行账号 {value} 与名册中的 {known} 不一致。请向工人核实，更正名册或说明理由后放行。",
        clearable=True,
    ),
    Code.REPEATS: _blocks(
        "The worker {value} is owed wages of this kind for this month already (sheet number "
        "{number}). Clear it with a reason only when both are due.",
        "工人 {value} 本月同类工资已在第 {number} 号表中。确属两笔应付时方可说明理由放行。",
        clearable=True,
    ),
    Code.SAME_AMOUNT: _blocks(
        "The worker {value} has the same net on the same account in another sheet of this month "
        "(sheet number {number}). Clear it with a reason only when both are due.",
        "工人 {value} 本月另一张表（第 {number} 号）中有账号、金额相同的一笔。"
        "确属两笔应付时方可说明理由放行。",
        clearable=True,
    ),
    # Shown only: the rules behind these are not certain enough to hold up a wage.
    Code.BAD_MOBILE: _advises(
        "{value} does not look like a mobile number. Ask the worker.",
        "手机号 {value} 可能有误。请向工人核实。",
    ),
    Code.BAD_BANK_CODE: _advises(
        "{value} does not look like a CNAPS number, a BIC or a platform's bank code. Compare it "
        "with the bank's list.",
        "{value} 可能不是有效的联行号、BIC 或平台银行代码。请核对。",
    ),
    Code.BAD_REGISTRATION: _advises(
        "“{column}”: {value} fails the check of unified social credit codes. Compare it with the "
        "licence.",
        "“{column}”：{value} 未通过统一社会信用代码校验。请与营业执照核对。",
    ),
}
