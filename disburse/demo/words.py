"""Every sentence of the story, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from disburse.demo.labels import LABELS

_CHAPTERS: Final = {
    "setup": ("开工前：单位、人员、专用账户、名册", "Before the first pay day"),
    "setup.why": (
        "一切人物、证件号码、账号均为虚构。每一步都由有相应角色的人在自己的事务中完成。",
        (
            "Everybody and every number here is invented. Each step is taken by a person with the "
            "role for it, in a transaction of its own."
        ),
    ),
    "august.submit": ("9月5日：提交8月工资表", "5 September: the sheets for August"),
    "august.submit.why": (
        "分包单位对文件的每个字节签名。整张表要么收下，要么退回并列出全部错误。",
        (
            "The subcontractor signs the very bytes of its file. A sheet is taken whole, or "
            "refused whole with everything that is wrong."
        ),
    ),
    "august.review": ("9月7日：劳资专管员审核", "7 September: the labour officer reviews"),
    "august.review.why": (
        "一行有问题只搁置这一行，其余照发；被搁置的仍是应付工资。",
        "A line that cannot be paid is set aside; the others go on, and the line stays owed.",
    ),
    "august.allocate": ("9月8日：建设单位拨付人工费", "8 September: the owner allocates money"),
    "august.allocate.why": (
        "先到期、先收到的表先冻结资金；钱不够的表等待，人人看到同样的数字。",
        (
            "Money is set aside for the sheet that is due first. One that finds too little waits, "
            "and everybody sees the same figures."
        ),
    ),
    "august.pay": ("9月9日至10日：批准、代发、回盘", "9–10 September: approved, paid, answered"),
    "august.pay.why": (
        "审核人以外的人批准，30万元以上须两人。代发文件写出后回读核对，银行逐笔答复。",
        (
            "People other than the reviewer approve: two from 300,000 yuan on. The bank file is "
            "read back and proven before anybody can have it; the bank answers payment by payment."
        ),
    ),
    "august.late": ("9月11日：迟到一天的拨付", "11 September: the rest, a day late"),
    "august.late.why": (
        "对账单记入后，后台循环自动为等待的表冻结资金。",
        "Once the statement is booked, the worker loop funds the sheet that waited.",
    ),
    "august.back": ("9月15日：退票", "15 September: a payment comes back"),
    "august.back.why": (
        "银行说“成功”之后也会退票。钱回到冻结，工人仍是应付对象。",
        (
            "A bank can send a payment back days after “paid”. The money is held again, and the "
            "worker is owed again."
        ),
    ),
    "august.again": ("9月16日至21日：更正账户后重发", "16–21 September: paid again"),
    "august.again.why": (
        "分包单位对新账户签名；另一人复核；新账户要等三天，以防有人冒改。",
        (
            "The subcontractor signs the new account, another person countersigns, and a changed "
            "account waits three days, so that a fraud can be noticed."
        ),
    ),
    "september.roster": ("9月22日：补登名册", "22 September: the roster is mended"),
    "september.roster.why": (
        "补登一名工人，更新两张换过的银行卡。",
        "The absent worker is enrolled, and the two new cards are entered.",
    ),
    "september.submit": ("10月8日：提交9月工资表", "8 October: the sheets for September"),
    "september.submit.why": (
        "同样三家，换一种文件格式；一名工人换了卡，名册里还没有。",
        (
            "The same three, each in another form than before. One worker has a card that the "
            "roster does not know."
        ),
    ),
    "september.declare": ("10月9日：声明在途资金", "9 October: money is declared"),
    "september.declare.why": (
        "两人声明的钱可以先冻结，但单独列示；真正到账前一分也发不出去。",
        (
            "Money that two people declare can be set aside, and shows apart. Until it is really "
            "there, it pays nobody."
        ),
    ),
    "september.pay": ("10月12日：到账、代发", "12 October: the money is real, and paid"),
    "september.pay.why": (
        "对账单上的一笔确认了声明；三张表同日发放。",
        "An entry of the bank's statement confirms the declaration; all three sheets are paid.",
    ),
    "end": ("两个月之后", "After two months"),
    "end.why": (
        "最后核对账本的每一条不变式，并留下全部文件。",
        "Every invariant of the books is checked, and all files are left in the folder.",
    ),
}
_SENTENCES: Final = {
    "parties": (
        "已登记 {organisations} 个单位、{people} 名人员。",
        "{organisations} organisations and {people} people are known.",
    ),
    "project": (
        "项目 {project} 已开立专用账户，三家分包已委托代发并登记签名公钥。",
        (
            "Project {project} has its special account; three subcontractors delegated payment and "
            "registered their signing keys."
        ),
    ),
    "confirmed": (
        "监管人员确认了总包审批人，审批人确认其余：共 {people} 人、{keys} 把公钥，此前不生效。",
        (
            "The inspector confirmed the contractor's approver, who confirmed the others: "
            "{people} people and {keys} keys count from now on; the operator alone moves nothing."
        ),
    ),
    "roster": (
        "名册 {count} 人（另有一人在工地而未登记）。",
        "{count} workers are on the roster (one more works here, unregistered).",
    ),
    "tampered": (
        "{sheet}：签名后有一位数字被改大，整张退回。",
        "{sheet}: one digit was raised after signing; refused.",
    ),
    "faulty": (
        "{sheet}：签名有效，但有 {count} 处错误，整张退回：",
        "{sheet}: well signed, but with {count} faults; refused:",
    ),
    "received": (
        "{sheet}：{count} 人，实发 {total} 元，已收；需处理的行：{blocked}。",
        "{sheet}: {count} workers, {total} yuan net, taken; lines to look at: {blocked}.",
    ),
    "set_aside": (
        "{letter} 第 {line} 行搁置：此人不在名册。工资仍然应付。",
        "Line {line} of {letter} is set aside: not on the roster. The wage stays owed.",
    ),
    "turn": (
        "后台循环：{funded} 张表已冻结资金，{short} 张资金不足。",
        "Worker loop: sheets funded: {funded}, short of money: {short}.",
    ),
    "short": (
        "还差 {shortage} 元，应由{payer}补足；该表等待。",
        "{shortage} yuan are missing, which {payer} must pay in; the sheet waits.",
    ),
    "exported": (
        "{letter}：{approvers} 人批准，代发文件 {file}（{count} 笔，{total} 元）。",
        "{letter}: approved by {approvers}, bank file {file} ({count} payments, {total} yuan).",
    ),
    "paid": (
        "银行回盘：{count} 笔成功，{other} 笔失败。",
        "The bank answers: {count} paid, {other} refused.",
    ),
    "repeated": (
        "同一份回盘又来一次：已识别为重复（{repeated}），什么也没有变。",
        "The same report comes again: known as a repetition ({repeated}), nothing changes.",
    ),
    "anomaly": (
        "回盘里有一笔不是我们的（{code}）：进入待查，由人处理。",
        "A report names a payment that is none of ours ({code}): queued, and a person resolves it.",
    ),
    "returned": (
        "付款 {reference} 成功五天后被退回。",
        "Payment {reference} comes back five days after it was paid.",
    ),
    "asked": (
        "申请重发 {reference}：新账户 {account}，{amount} 元。",
        "To be paid again as {reference}: new account {account}, {amount} yuan.",
    ),
    "cooling": (
        "第二天复核：退回，新账户还在冷静期。",
        "Countersigned the next day: refused, the new account still cools down.",
    ),
    "again": (
        "{letter}：{reference} 已复核、代发、到账。",
        "{letter}: {reference} is countersigned, sent and paid.",
    ),
    "mended": ("名册更正 {count} 人。", "{count} entries of the roster are mended."),
    "cleared": (
        "{letter} 第 {line} 行：专管员向本人核实后放行，理由留痕。",
        "Line {line} of {letter}: the officer asked the worker and cleared it, with the reason.",
    ),
    "declared": (
        "建设单位声明 {amount} 元在途，总包一人复核。",
        "The owner declares {amount} yuan, and somebody of the contractor vouches.",
    ),
    "not_backed": (
        "{file}：领取被拒，账上还没有这笔钱。",
        "{file}: claiming it is refused, the money is not there yet.",
    ),
    "proved": ("{count} 条不变式全部成立。", "All {count} invariants hold."),
    "difference": (
        "不成立：{invariant}，{where}，{parts}",
        "Broken: {invariant}, {where}, {parts}",
    ),
    "arrears": (
        "被搁置的一行仍欠 {amount} 元：未实名登记不免除工资。",
        "{amount} yuan are still owed on the line set aside: an unregistered worker is owed too.",
    ),
    "left": ("文件都在 {folder}：", "Everything is in {folder}:"),
    "serving": (
        (
            "在 {url} 可以继续试用，接口说明见 {url}/v1/docs。例如："
            "curl -H 'Authorization: Bearer 令牌' {url}/v1/projects。按 Ctrl-C 结束。"
        ),
        (
            "Explore it at {url}; the API is described at {url}/v1/docs. For example: "
            "curl -H 'Authorization: Bearer TOKEN' {url}/v1/projects. Ctrl-C ends it."
        ),
    ),
    "about": (
        "disburse demo 的输出。一切人物、单位、证件号码、账号均为虚构。",
        "Output of `disburse demo`. All people, organisations and numbers in it are invented.",
    ),
    "starting": ("正在启动演示用的 PostgreSQL……", "Starting a PostgreSQL for the demo …"),
}
WORDS: Final[Mapping[str, tuple[str, str]]] = _CHAPTERS | _SENTENCES | LABELS
