"""Files of fixed widths: what stands where, what fills it up, and what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import adapters
from adapters.lines import FixedWidth
from disburse import banks
from disburse.adapter import (
    BadProfile,
    ExampleAnswer,
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Result,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
)
from tests.adapters.batches import REFERENCES, a_batch, a_payment

PROFILES = Path(adapters.__file__).parent / "profiles"
ONE, TWO, *_ = REFERENCES


def mapping_of(profile):
    return tomllib.loads((PROFILES / f"{profile}.toml").read_text(encoding="utf-8"))


def changed(profile, **paths):
    """The profile's mapping with other values; a path is "row__2__width", None leaves it out."""
    mapping = mapping_of(profile)
    for path, value in paths.items():
        *steps, last = (int(one) if one.isdecimal() else one for one in path.split("__"))
        inside = mapping
        for step in steps:
            inside = inside[step]
        if value is None:
            del inside[last]
        else:
            inside[last] = value
    return mapping


def bank(profile="example_fixed_bank", **paths):
    return FixedWidth(f"fixed_width:{profile}", changed(profile, **paths))


BANK, ABC = bank(), bank("abc_cfrt03")


def written(adapter, *payments):
    return b"".join(adapter.render(a_batch(*payments)))


def test_each_column_stands_where_its_width_says_in_bytes():
    head, one, two, tail = written(BANK).decode("gb18030").encode("gb18030").split(b"\r\n")[:4]
    assert head[:17] == b"HF0000017        "
    assert head[-21:] == b"000002000000001300003"
    assert one[:7] == b"D000001"
    assert one[59:119].decode("gb18030").rstrip() == "测试工人1"
    assert one[211:224] == b"0000000650001"
    assert len(one) == len(two) == 1 + 6 + 20 + 32 + 60 + 12 + 80 + 13 + 10 + 40
    assert tail == b"T000002000000001300003"


def test_widths_in_characters_give_a_chinese_one_place():
    wide = bank(widths="characters")
    line = written(wide).decode("gb18030").split("\r\n")[1]
    assert line[59:119] == "测试工人1".ljust(60)
    banks.write(wide, a_batch())
    assert wide.preflight(a_payment(name="测" * 60), "CNY") == ()
    assert [one.code for one in wide.preflight(a_payment(name="测" * 61), "CNY")] == ["too-long"]
    assert [one.code for one in BANK.preflight(a_payment(name="测" * 31), "CNY")] == ["too-long"]


def test_abc_writes_three_decimals_and_finds_its_reference_again():
    line = written(ABC).decode("gbk").encode("gbk").split(b"\n")[0]
    assert line[90:108] == b"6500.010          "
    assert line[108:] == ONE.encode().ljust(30)
    banks.write(ABC, a_batch())
    lines = f"1|S|x|6500.01|{ONE}|||more\n2|E||{TWO}||余额不足|\n3|?|||{TWO}||\n4|S|||||\n"
    paid, refused, strange, nobody = ABC.read_report(lines.encode("gbk"))
    assert (paid.reference, paid.result, paid.amount) == (ONE, Result.PAID, None)
    assert (refused.reference, refused.result) == (TWO, Result.REJECTED)
    assert isinstance(strange, Quarantined)
    assert isinstance(nobody, Quarantined)
    both = f"1|S|{ONE}|{TWO}|||\n1|S|{ONE}||||||\n".encode()
    (two_of_them,) = (one for one in ABC.read_report(both) if isinstance(one, Quarantined))
    assert two_of_them.position == 1
    with pytest.raises(UnreadableReport):
        list(ABC.read_report(b"1|S|x\n"))
    with pytest.raises(UnreadableReport):
        list(ABC.read_report(b""))


def test_what_gbk_does_not_have_is_refused_before_approval():
    for name in ("测试䶮", "测试𬭩", "阿卜杜•热合曼"):
        (fault,) = ABC.preflight(a_payment(name=name), "CNY")
        assert (fault.field, fault.code) == ("name", "charset")


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("T000002", "T000003"),
        ("D000002", "D000003"),
        ("D000002", "D 00002"),
        ("D000002", "E000002"),
        ("0000000650002", "000000065000x"),
        ("0000000650002", "      0650002"),
        ("20261010", "20261310"),
        ("\r\nT", "\nT"),
        ("HF", "HFF"),
        ("测试工人2", "测试工人22"),
    ],
)
def test_a_file_that_is_not_as_we_write_it_is_not_ours(good, bad):
    content = written(BANK).decode("gb18030")
    assert good in content
    with pytest.raises(UnreadableFile):
        list(BANK.read_back([content.replace(good, bad, 1).encode("gb18030")]))


def test_a_character_that_is_cut_in_two_is_not_ours():
    content = written(BANK)
    at = content.index("测试工人1".encode("gb18030"))
    shifted = content[: at - 1] + content[at : at + 59] + b"\xb2" + content[at + 59 :]
    with pytest.raises(UnreadableFile, match="encoding"):
        list(BANK.read_back([shifted]))


def test_a_file_of_rows_alone_needs_a_row():
    with pytest.raises(UnreadableFile):
        list(ABC.read_back([b""]))


def answer(*rows, count=None, total="000000001300003", reference="F0000017"):
    lines = [f"H{reference:16}20261011{len(rows) if count is None else count:06d}{total}"]
    lines += [
        f"D{number:06d}{ref:20}{amount:013d}{status}{code:6}{words}".encode("gb18030").ljust(107)
        .decode("gb18030")
        for number, (ref, amount, status, code, words) in enumerate(rows, start=1)
    ]  # fmt: skip
    lines.append(f"T{len(rows) if count is None else count:06d}")
    return "\r\n".join([*lines, ""]).encode("gb18030")


ROWS = ((ONE, 650_001, "1", "0000", "成功"), (TWO, 650_002, "2", "E102", "户名不符"))


def test_the_return_file_answers_each_payment():
    paid, refused = BANK.read_report(answer(*ROWS))
    assert (paid.reference, paid.result, paid.amount) == (ONE, Result.PAID, 650_001)
    assert (refused.result, refused.reason, refused.text) == (
        Result.REJECTED, "E102", "户名不符",
    )  # fmt: skip
    assert str(paid.on) == "2026-10-11"
    assert paid.file_reference == "F0000017"


@pytest.mark.parametrize("said", [{"count": 3}, {"total": "000000001300004"}, {"reference": ""}])
def test_a_return_file_that_contradicts_itself_is_refused(said):
    with pytest.raises(UnreadableReport):
        list(BANK.read_report(answer(*ROWS, **said)))


def test_a_line_of_another_length_is_quarantined():
    content = answer(*ROWS).replace(b"D000002", b"D0000022", 1)
    first, second = BANK.read_report(content)
    assert isinstance(first, PaymentAnswer)
    assert "bytes instead of" in second.reason
    wide = bank(widths="characters")
    assert all("characters" in one.reason for one in wide.read_report(
        answer(*ROWS).replace(b"D00000", b"DD00000")))  # fmt: skip


def test_a_status_of_a_file_that_is_not_named_is_for_people():
    other = bank("abc_cfrt03", answer__header=["status", "count"])
    (whole,) = other.read_report(b"E|0\n")
    assert isinstance(whole, Quarantined)
    named = bank("abc_cfrt03", answer__header=["reference", "status", "count"])
    (whole,) = named.read_report(b"F0000017|E|0\n")
    assert isinstance(whole, FileAnswer)


def test_a_result_without_a_word_cannot_be_played():
    (payment,) = a_batch(a_payment()).payments
    told = ExampleAnswer(
        batch=a_batch(payment), rows=((payment, Result.DUPLICATE),), count=1, total=payment.amount
    )
    with pytest.raises(Unrenderable):
        ABC.example_report(told)


@pytest.mark.parametrize(
    ("paths", "says"),
    [
        ({"adapter": "delimited"}, "adapter must be one of 'fixed_width'"),
        ({"widths": "inches"}, "widths must be one of"),
        ({"widths": None}, "widths must be given"),
        ({"zeros": 1}, "zeros must be 1 to 6, and only where amounts are 'major'"),
        ({"row__2__width": 0}, "row, column 3: width must be a whole number"),
        ({"row__1__width": 3}, "row must be a list whose number has 4 places"),
        ({"payments_max": "x"}, "payments_max must be a whole number from 1"),
        ({"row__3__fill": "0"}, "row, column 4: fill must be ' ', or '0' with align"),
        ({"row__1__align": "left"}, "row, column 2: fill must be"),
        ({"row__0__constant": "DD"}, "row, column 1: constant must be no wider than its width"),
        ({"row__0__constant": "D "}, "row, column 1: constant must be printable text"),
        ({"header__4": {"blank": 1}, "trailer": []}, "header must be complete: it has no "),
        ({"row__3": {"blank": 1}}, "row must be complete: it has no account"),
        ({"row": []}, "row must be a list of columns"),
        ({"row__4__field": "account"}, "row must be each field at most once"),
        ({"answer__row__4__field": "text"}, "answer: row must be each field at most once"),
        ({"answer__row__4": {"blank": 1}}, "answer: row must be complete: it has no status"),
        ({"answer__find_reference": True}, "find_reference must be left out"),
        (
            {"answer__header__3": {"blank": 6}, "answer__trailer": []},
            "answer: header must be complete: it has no count",
        ),
        ({"answer": None}, "answer must be given"),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_refused_with_its_key_and_what_it_must_be(paths, says):
    with pytest.raises(BadProfile) as refused:
        bank(**paths)
    assert says in refused.value.detail


def test_every_fault_of_a_profile_is_told_at_once():
    with pytest.raises(BadProfile) as refused:
        bank(
            version="", dates="x", row__2__width=-1, answer__statuses={}, typo=1, payments_max=None
        )
    faults = refused.value.facts["faults"]
    assert len(faults) == 6
    for says in (
        "version must be a text",
        "dates must be one of",
        "column 3: width must be",
        "statuses must be a table",
        "typo must be left out",
        "payments_max must be given",
    ):
        assert any(says in one for one in faults)  # fmt: skip
