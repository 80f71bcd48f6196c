"""The tables of a set-up: titles and columns in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from disburse.domain.access import OrganisationKind
from disburse.sheetfile import roster
from disburse.sheetfile.columns import HEADER, LINE, Choice, Column, Form
from disburse.sheetfile.tables import Titles

_KINDS: Final = (
    Choice(OrganisationKind.OWNER.value, "建设单位", "owner"),
    Choice(OrganisationKind.GENERAL_CONTRACTOR.value, "施工总承包单位", "general contractor"),
    Choice(OrganisationKind.SUBCONTRACTOR.value, "分包单位", "subcontractor"),
    Choice(OrganisationKind.BANK.value, "银行", "bank"),
    Choice(OrganisationKind.LABOUR_AUTHORITY.value, "人社部门", "labour authority"),
    Choice(OrganisationKind.SECTOR_AUTHORITY.value, "行业主管部门", "sector authority"),
)
_FLAGS: Final = (Choice("true", "是", "yes"), Choice("false", "否", "no"))
_PROJECT: Final = Column(name="project", zh="项目编号", en="Project", required=True, width=24)
_EMPLOYER: Final = Column(
    name="employer", zh="用工单位统一社会信用代码", en="Employer", required=True, width=24
)


@dataclass(frozen=True, slots=True)
class Blank:
    """One table: what it is called in files and workbooks, and its columns."""

    name: str  # also the file's, such as organisations.csv
    titles: Titles
    columns: tuple[Column, ...]


ORGANISATIONS: Final = Blank(
    "organisations",
    {"zh": "单位", "en": "Organisations"},
    (
        Column(name="kind", zh="单位类型", en="Kind", required=True, choices=_KINDS,
               form=Form.CHOICE, width=22),
        Column(name="registration", zh="统一社会信用代码", en="Registration", required=True,
               width=24),
        Column(name="name", zh="名称", en="Name", required=True, limit=140, width=30),
        Column(name="region", zh="区域", en="Region"),
        Column(name="sector", zh="行业", en="Sector"),
    ),
)  # fmt: skip
PROJECTS: Final = Blank(
    "projects",
    {"zh": "项目", "en": "Projects"},
    (
        Column(name="code", zh="项目编号", en="Code", required=True, width=24),
        Column(name="name", zh="名称", en="Name", required=True, limit=140, width=30),
        Column(name="owner", zh="建设单位统一社会信用代码", en="Owner", required=True, width=24),
        Column(name="general_contractor", zh="总包统一社会信用代码", en="General contractor",
               required=True, width=24),
        Column(name="region", zh="区域", en="Region", required=True),
        Column(name="sector", zh="行业", en="Sector", required=True),
        Column(name="government_funded", zh="政府投资", en="Government funded", form=Form.FLAG,
               choices=_FLAGS),
        HEADER["currency"],
        Column(name="contract_amount", zh="合同金额", en="Contract amount", form=Form.AMOUNT,
               required=True, width=18),
        Column(name="labour_share", zh="人工费比例%", en="Labour share %", form=Form.DECIMAL,
               required=True),
        Column(name="starts_on", zh="开工日期", en="Starts on", form=Form.DATE, required=True),
        Column(name="ends_on", zh="竣工日期", en="Ends on", form=Form.DATE, required=True),
        Column(name="time_zone", zh="时区", en="Time zone", width=18),
        Column(name="payer_account", zh="建设单位付款账号", en="Payer account", width=24),
        Column(name="approvers", zh="审批人数", en="Approvers", form=Form.TEXTS, width=24),
        Column(name="approval_days", zh="审批有效天数", en="Approval days", form=Form.COUNT),
        Column(name="cooling_days", zh="改卡冷静天数", en="Cooling days", form=Form.COUNT),
        Column(name="note", zh="附言", en="Note", width=20),
    ),
)  # fmt: skip
ACCOUNTS: Final = Blank(
    "accounts",
    {"zh": "专用账户", "en": "Accounts"},
    (
        Column(name="bank", zh="银行统一社会信用代码", en="Bank", required=True, width=24),
        Column(name="adapter", zh="代发文件格式", en="Adapter", required=True, limit=101, width=30),
        HEADER["currency"],
        Column(name="number", zh="账号", en="Number", required=True, width=24),
        Column(name="holder", zh="户名", en="Holder", required=True, limit=140, width=40),
        Column(name="bank_code", zh="联行号", en="Bank code", limit=20),
        Column(name="bank_name", zh="开户银行", en="Bank name", limit=140, width=30),
        Column(name="statements", zh="接入对账单", en="Statements", form=Form.FLAG,
               choices=_FLAGS),
        Column(name="projects", zh="使用项目", en="Projects", form=Form.TEXTS, width=30),
    ),
)  # fmt: skip
PARTIES: Final = Blank(
    "parties",
    {"zh": "参建单位", "en": "Parties"},
    (
        _PROJECT,
        Column(name="organisation", zh="统一社会信用代码", en="Organisation", required=True,
               width=24),
        Column(name="delegation_digest", zh="委托代发协议SHA-256", en="Delegation SHA-256",
               limit=64, width=24),
        Column(name="delegation_from", zh="委托起始日", en="Delegation from", form=Form.DATE),
        Column(name="delegation_to", zh="委托截止日", en="Delegation to", form=Form.DATE),
    ),
)  # fmt: skip
PEOPLE: Final = Blank(
    "people",
    {"zh": "人员", "en": "People"},
    (
        Column(name="organisation", zh="统一社会信用代码", en="Organisation", required=True,
               width=24),
        Column(name="login", zh="账号名", en="Login", required=True, limit=100, width=24),
        Column(name="name", zh="姓名", en="Name", required=True, limit=140),
        replace(LINE["id_type"], required=False),
        replace(LINE["id_number"], required=False),
        Column(name="roles", zh="角色", en="Roles", form=Form.TEXTS, required=True, width=30),
        Column(name="projects", zh="项目编号", en="Projects", form=Form.TEXTS, width=30),
    ),
)  # fmt: skip
WORKERS: Final = Blank(
    "workers", {"zh": "工人", "en": "Workers"}, (_PROJECT, _EMPLOYER, *roster.COLUMNS)
)
# In this order: each table names only what stands in those before it.
ALL: Final = (ORGANISATIONS, PROJECTS, ACCOUNTS, PARTIES, PEOPLE, WORKERS)
