"""Where money can stand still: who has to act, when it is late, what happens next, what leads out.

One row for every state of the three lifecycles in which something still waits, and for whatever
else holds money up. What has no row here has ended. Being late is itself an alarm: a missing
answer shows on the board by the clock alone, whether or not anything else noticed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from disburse.domain.access import Act, OrganisationKind, Role
from disburse.domain.lifecycle import attempt, bank_file, sheet


class Thing(StrEnum):
    """What can stand still."""

    SHEET = "sheet"
    FILE = "file"
    PAYMENT = "payment"  # the payments of one file that are in one state
    REISSUE = "reissue"  # a payment that is to be made again and is in no file yet
    DECLARATION = "declaration"  # money that people say is on its way
    OPEN_ITEM = "open_item"
    ANOMALY = "anomaly"
    DISPATCH = "dispatch"  # a project's files, paused after a restore


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who waits for whom in one state, told in both languages."""

    organisation: OrganisationKind
    role: Role  # who has to act
    late_after: timedelta  # in this state
    exits: tuple[Act, ...]  # what a person can do
    by_itself: Act | None = None  # what the worker loop does next, when its time has come
    red: bool = False  # an alarm from the first moment
    en: str
    zh: str


# Wages are due by the month; a step that takes a person a look may wait for one working day, a
# check of every line for two, both stretched over a weekend.
AT_ONCE: Final = timedelta(0)  # nobody can know whether somebody is paid: every hour counts
IN_SENDING: Final = timedelta(hours=1)  # a lease holds for minutes, a walk to the bank for less
A_LOOK: Final = timedelta(days=1)
A_CHECK: Final = timedelta(days=3)
MONEY: Final = timedelta(days=2)  # a transfer from the owner's bank arrives the next working day
# The bank took it and has not said "paid": clearing takes a day, and a weekend may be between.
CLEARING: Final = timedelta(days=3)
# A worker who was not paid gets a new account from whoever knows it within a working week.
PAID_AGAIN: Final = timedelta(days=5)
# A sheet's last line; a corrected account cools for up to three days in the usual policy.
LAST_LINE: Final = timedelta(days=10)
# Without word of the bank, where neither connection nor format says when the answer is due.
ANSWER_USUAL: Final = timedelta(hours=24)

_GC: Final = OrganisationKind.GENERAL_CONTRACTOR
_BANK: Final = OrganisationKind.BANK
_OWNER: Final = OrganisationKind.OWNER
_ANSWER: Final = (Act.INGEST, Act.ACKNOWLEDGE, Act.TRANSCRIBE)
_LOST: Final = (*_ANSWER, Act.RETRANSMIT, Act.NEVER)
_OUTCOME: Final = (Act.INGEST, Act.TRANSCRIBE)

_SHEETS: Final = {
    sheet.State.RECEIVED: Standing(
        organisation=_GC, role=Role.LABOUR_OFFICER, late_after=A_CHECK,
        exits=(Act.REVIEW, Act.CLEAR, Act.SET_ASIDE, Act.REINSTATE, Act.REJECT, Act.WITHDRAW),
        en="waits for the labour officer's review", zh="等待劳资专管员审核"),
    sheet.State.REVIEWED: Standing(
        organisation=_OWNER, role=Role.FUNDER, late_after=MONEY, by_itself=Act.FUND,
        exits=(Act.DECLARE, Act.FUND, Act.SET_ASIDE, Act.REJECT, Act.WITHDRAW),
        en="waits for money on the special account", zh="等待专用账户资金到位"),
    sheet.State.FUNDED: Standing(
        organisation=_GC, role=Role.APPROVER, late_after=A_LOOK, by_itself=Act.EXPIRE,
        exits=(Act.APPROVE, Act.UNFUND, Act.REJECT, Act.WITHDRAW),
        en="money is held; waits for approval", zh="资金已冻结,等待审批"),
    sheet.State.APPROVED: Standing(
        organisation=_GC, role=Role.RELEASER, late_after=A_LOOK, by_itself=Act.EXPIRE,
        exits=(Act.EXPORT, Act.REVOKE, Act.REJECT, Act.WITHDRAW),
        en="approved; waits for its bank files", zh="已审批,等待生成银行文件"),
    sheet.State.EXPORTED: Standing(
        organisation=_GC, role=Role.LABOUR_OFFICER, late_after=LAST_LINE,
        exits=(Act.INGEST, Act.REISSUE, Act.BUNDLE, Act.GIVE_UP, Act.CANCEL),
        en="not every worker on it is paid yet", zh="仍有工人工资未到账"),
}  # fmt: skip
_FILES: Final = {
    bank_file.State.WRITTEN: Standing(
        organisation=_GC, role=Role.RELEASER, late_after=A_LOOK,
        exits=(Act.CLAIM, Act.CANCEL, Act.CANCEL_FILE),
        en="written; nobody released it yet", zh="已生成,尚未放行"),
    bank_file.State.DISPATCHING: Standing(
        organisation=_GC, role=Role.RELEASER, late_after=IN_SENDING, by_itself=Act.DELIVER,
        exits=(Act.HAND_OVER, Act.FETCH, *_ANSWER),
        en="released; on its way to the bank", zh="已放行,正在送往银行"),
    bank_file.State.SENT: Standing(
        organisation=_BANK, role=Role.BANK_OPERATOR, late_after=ANSWER_USUAL, by_itself=Act.LOSE,
        exits=_ANSWER, en="sent; waits for the bank's answer", zh="已送达,等待银行回执"),
    bank_file.State.ACKNOWLEDGED: Standing(
        organisation=_BANK, role=Role.BANK_OPERATOR, late_after=CLEARING, by_itself=Act.INGEST,
        exits=_OUTCOME,
        en="the bank has it; waits for the word on every payment",
        zh="银行已受理,等待逐笔结果"),
    bank_file.State.UNKNOWN: Standing(
        organisation=_GC, role=Role.RELEASER, late_after=AT_ONCE, exits=_LOST, red=True,
        en="nobody knows whether the bank has it; ask the bank",
        zh="银行是否收到不明,请向银行查询"),
}  # fmt: skip
_PAYMENTS: Final = {
    attempt.State.PREPARED: Standing(
        organisation=_GC, role=Role.RELEASER, late_after=A_LOOK,
        exits=(Act.CLAIM, Act.CANCEL, Act.CANCEL_FILE),
        en="in a file that nobody released yet", zh="所在文件尚未放行"),
    attempt.State.DISPATCHING: Standing(
        organisation=_GC, role=Role.RELEASER, late_after=IN_SENDING, by_itself=Act.DELIVER,
        exits=(Act.HAND_OVER, Act.FETCH, *_ANSWER),
        en="on the way to the bank", zh="正在送往银行"),
    attempt.State.SENT: Standing(
        organisation=_BANK, role=Role.BANK_OPERATOR, late_after=ANSWER_USUAL, by_itself=Act.LOSE,
        exits=_ANSWER, en="the bank was told to pay; no answer yet", zh="已通知银行付款,尚无回执"),
    attempt.State.ACCEPTED: Standing(
        organisation=_BANK, role=Role.BANK_OPERATOR, late_after=CLEARING, by_itself=Act.INGEST,
        exits=_OUTCOME, en="the bank means to pay and has not said paid",
        zh="银行已受理,尚未确认付讫"),
    attempt.State.UNKNOWN: Standing(
        organisation=_GC, role=Role.RELEASER, late_after=AT_ONCE, exits=_LOST, red=True,
        en="nobody knows whether it is paid; ask the bank", zh="是否付款不明,请向银行查询"),
    attempt.State.REJECTED: Standing(
        organisation=_GC, role=Role.LABOUR_OFFICER, late_after=PAID_AGAIN,
        exits=(Act.REISSUE, Act.GIVE_UP, Act.CORRECT),
        en="the bank did not pay; pay it again", zh="银行拒付,请重新发放"),
    attempt.State.RETURNED: Standing(
        organisation=_GC, role=Role.LABOUR_OFFICER, late_after=PAID_AGAIN,
        exits=(Act.REISSUE, Act.GIVE_UP, Act.CORRECT),
        en="paid and came back; pay it again", zh="付款被退回,请重新发放"),
}  # fmt: skip
_OTHERS: Final = {
    (Thing.REISSUE, "asked"): Standing(
        organisation=_GC, role=Role.APPROVER, late_after=A_LOOK,
        exits=(Act.COUNTERSIGN, Act.DECLINE),
        en="to be paid again; waits for a countersignature", zh="重新发放,等待会签"),
    (Thing.REISSUE, "countersigned"): Standing(
        organisation=_GC, role=Role.RELEASER, late_after=A_LOOK,
        exits=(Act.BUNDLE, Act.DECLINE, Act.COUNTERSIGN),
        en="countersigned; waits for a bank file", zh="已会签,等待生成银行文件"),
    (Thing.DECLARATION, "declared"): Standing(
        organisation=_GC, role=Role.APPROVER, late_after=A_LOOK, exits=(Act.VOUCH, Act.RECALL),
        en="money is announced; nobody vouched for it", zh="已申报拨款,等待核实"),
    (Thing.DECLARATION, "vouched"): Standing(
        organisation=_BANK, role=Role.BANK_OPERATOR, late_after=MONEY,
        exits=(Act.BOOK, Act.RECALL),
        en="money is announced; the bank has not booked it", zh="已核实拨款,银行尚未入账"),
    (Thing.OPEN_ITEM, "unexplained"): Standing(
        organisation=_GC, role=Role.LABOUR_OFFICER, late_after=A_CHECK, exits=(Act.EXPLAIN,),
        en="an amount on the account that nobody explained", zh="账户上有未说明的款项"),
    (Thing.OPEN_ITEM, "proposed"): Standing(
        organisation=_GC, role=Role.APPROVER, late_after=A_CHECK,
        exits=(Act.ENDORSE, Act.DISMISS, Act.EXPLAIN),
        en="explained by one person; another has to agree", zh="已有一人说明,等待另一人确认"),
    (Thing.OPEN_ITEM, "unassigned"): Standing(
        organisation=_GC, role=Role.RELEASER, late_after=A_CHECK, exits=(Act.ASSIGN,),
        en="an amount on a shared account; nobody said whose project it is",
        zh="共用账户上的款项,尚未确定所属项目"),
    (Thing.ANOMALY, "red"): Standing(
        organisation=_GC, role=Role.RELEASER, late_after=AT_ONCE, red=True, exits=(Act.RESOLVE,),
        en="money may be lost or paid twice; look today", zh="资金可能丢失或重复支付,请今日核查"),
    (Thing.ANOMALY, "answer-missing"): Standing(
        organisation=_GC, role=Role.RELEASER, late_after=AT_ONCE, red=True,
        exits=(*_OUTCOME, Act.RESOLVE),
        en="the bank has the file and did not say in time what became of every payment; ask it",
        zh="银行已受理文件,但逾期未告知全部付款结果,请向银行查询"),
    (Thing.ANOMALY, "statement-missing"): Standing(
        organisation=_GC, role=Role.RELEASER, late_after=AT_ONCE, red=True,
        exits=(Act.BOOK, Act.RESOLVE),
        en="the bank's statements of the account stopped coming; ask the bank",
        zh="该账户的银行对账单已中断,请向银行索取"),
    (Thing.ANOMALY, "open"): Standing(
        organisation=_GC, role=Role.RELEASER, late_after=A_CHECK, exits=(Act.RESOLVE,),
        en="something does not fit; look at it", zh="有不符之处,请核查"),
    (Thing.DISPATCH, "paused"): Standing(
        organisation=_GC, role=Role.RELEASER, late_after=AT_ONCE, red=True, exits=(Act.RESUME,),
        en="the database was restored; no file leaves until two people compared the bank's list",
        zh="数据库已恢复,须两人核对银行清单后方可发送文件"),
}  # fmt: skip

STANDINGS: Final[dict[tuple[Thing, str], Standing]] = {
    **{(Thing.SHEET, state): row for state, row in _SHEETS.items()},
    **{(Thing.FILE, state): row for state, row in _FILES.items()},
    **{(Thing.PAYMENT, state): row for state, row in _PAYMENTS.items()},
    **_OTHERS,
}
# A thing is seen by whoever may read it elsewhere, and by nobody else.
SEEN_BY: Final = {
    Thing.SHEET: Act.READ_SHEETS,
    Thing.FILE: Act.READ_FILES,
    Thing.PAYMENT: Act.READ_PAYOUTS,
    Thing.REISSUE: Act.READ_PAYOUTS,
    Thing.DECLARATION: Act.READ_BALANCE,
    Thing.OPEN_ITEM: Act.READ_BALANCE,
    Thing.ANOMALY: Act.READ_ANOMALIES,
    Thing.DISPATCH: Act.READ_FILES,
}

# What people call what they can do; (English, Chinese).
WORDS: Final = {
    Act.REVIEW: ("review the sheet", "审核工资表"),
    Act.CLEAR: ("answer a finding", "说明核查问题"),
    Act.SET_ASIDE: ("set a line aside", "暂缓一行"),
    Act.REINSTATE: ("take a line back in", "恢复一行"),
    Act.REJECT: ("reject the sheet", "退回工资表"),
    Act.WITHDRAW: ("withdraw the sheet", "撤回工资表"),
    Act.DECLARE: ("announce money on its way", "申报拨款"),
    Act.FUND: ("hold the money", "冻结资金"),
    Act.UNFUND: ("free the money", "解冻资金"),
    Act.APPROVE: ("approve", "审批"),
    Act.REVOKE: ("take the approval back", "撤销审批"),
    Act.EXPORT: ("write the bank files", "生成银行文件"),
    Act.CANCEL: ("cancel the bank files", "作废银行文件"),
    Act.CANCEL_FILE: ("cancel this bank file", "作废该银行文件"),
    Act.CLAIM: ("release the file", "放行文件"),
    Act.HAND_OVER: ("say that the bank has it", "确认已交银行"),
    Act.FETCH: ("fetch the file (the bank)", "银行下载文件"),
    Act.INGEST: ("hand in the bank's answer", "导入银行回执"),
    Act.ACKNOWLEDGE: ("confirm receipt (the bank)", "银行确认收到"),
    Act.RETRANSMIT: ("send the same bytes again", "原样重发"),
    Act.NEVER: ("prove that the bank never had it", "以银行证明确认未收到"),
    Act.TRANSCRIBE: ("copy the outcome from the bank's document", "按银行文件录入结果"),
    Act.REISSUE: ("pay it again", "重新发放"),
    Act.COUNTERSIGN: ("countersign", "会签"),
    Act.DECLINE: ("turn it down", "否决重新发放"),
    Act.BUNDLE: ("write a file of what is countersigned", "为已会签款项生成文件"),
    Act.GIVE_UP: ("stop trying; it stays owed", "停止发放,仍计欠薪"),
    Act.CORRECT: ("prove that it was paid after all", "证明实已支付"),
    Act.VOUCH: ("vouch for the money", "核实拨款"),
    Act.RECALL: ("recall the announcement", "撤回拨款申报"),
    Act.BOOK: ("book the bank's statement", "录入银行对账单"),
    Act.EXPLAIN: ("say what it was", "说明款项"),
    Act.ENDORSE: ("agree with the explanation", "确认说明"),
    Act.ASSIGN: ("say that it is this project's", "确认属于本项目"),
    Act.DISMISS: ("put the explanation aside", "驳回说明"),
    Act.RESOLVE: ("note what it turned out to be", "记录核查结果"),
    Act.RESUME: ("compare the bank's list and go on", "核对银行清单并恢复"),
    Act.EXPIRE: ("approvals that are too old become void", "过期审批自动失效"),
    Act.DELIVER: ("the worker loop sends it", "系统自动发送"),
    Act.LOSE: ("it becomes unknown", "转为状态不明"),
}
