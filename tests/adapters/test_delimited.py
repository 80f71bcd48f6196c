"""Delimited files: widths in bytes, profiles checked whole, return files proven by their totals."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

import adapters
from adapters.lines import Delimited
from adapters.lines.profile import ENCODINGS
from disburse import banks
from disburse.adapter import (
    BadProfile,
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Result,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
)
from tests.adapters.batches import REFERENCES, a_batch, a_payment, return_file

ONE, TWO = REFERENCES[:2]
ROWS = [(ONE, 650_001, "成功", "0000"), (TWO, 650_002, "失败", "E102")]
SHIPPED = tomllib.loads(
    (Path(adapters.__file__).parent / "profiles" / "small_chinese_bank.toml").read_text("utf-8")
)
BANK = Delimited("delimited:small_chinese_bank", SHIPPED)


def changed(path, value):
    """The shipped profile with one key changed; None removes it."""
    mapping = deepcopy(SHIPPED)
    place = mapping
    *way, last = path.split("/")
    for step in way:
        place = place[int(step)] if step.isdecimal() else place[step]
    key = int(last) if last.isdecimal() else last
    if value is None:
        del place[key]
    else:
        place[key] = value
    return mapping


def bank(path, value):
    return Delimited("delimited:other", changed(path, value))


def codes(adapter, **changes):
    return [(one.field, one.code) for one in adapter.preflight(a_payment(**changes), "CNY")]


def test_a_file_has_a_header_rows_and_a_trailer():
    content = banks.write(BANK, a_batch()).content
    lines = content.decode("gb18030").split("\r\n")
    assert lines[0] == "H|F0000017|20261010|6210000000000001|2|13000.03"
    assert lines[1].split("|")[:4] == ["1", ONE, "6217000000000000001", "测试工人1"]
    assert lines[3:] == ["T|2", ""]
    assert BANK.file_name(a_batch()) == "DF000007_F0000017_20261010.txt"


def test_widths_count_the_bytes_of_the_encoding():
    assert codes(BANK, name="测" * 30) == []  # 60 bytes
    assert codes(BANK, name="测" * 30 + "a") == [("name", "too-long")]
    assert codes(BANK, name="𬭩" * 15) == []  # four bytes each
    assert codes(BANK, name="𬭩" * 15 + "a") == [("name", "too-long")]


@pytest.mark.parametrize("text", ["a|b", "a\rb", "a\nb", "a\r\nb"])
def test_a_delimiter_or_a_line_break_in_a_field_is_never_escaped(text):
    assert codes(BANK, note=text) == [("note", "charset")]


@pytest.mark.parametrize("name", ["测试䶮", "测试𬭩", "测试㼆"])
def test_a_narrower_encoding_refuses_rare_characters_before_writing(name):
    gbk = bank("encoding", "gbk")
    assert codes(gbk, name=name) == [("name", "charset")]
    assert codes(gbk, name="买买提·阿卜杜热合曼") == []
    with pytest.raises(Unrenderable):
        list(gbk.render(a_batch(a_payment(name=name))))
    assert codes(BANK, name=name) == []


def test_characters_that_two_editions_of_gb18030_write_differently_are_refused():
    assert codes(BANK, name="测试龻") == [("name", "charset")]


def test_a_character_whose_second_byte_is_the_delimiter_survives():
    name = b"\x81\x7c".decode("gb18030")
    written = banks.write(BANK, a_batch(a_payment(name=name)))
    assert written.content.count(b"|") > written.content.decode("gb18030").count("|")


def test_a_field_without_the_banks_form_is_named_with_its_code():
    assert codes(BANK, account="62A") == [("account", "bad-account")]
    assert codes(BANK, bank_code="1234") == [("bank_code", "bad-bank-code")]
    assert codes(BANK, bank_code="", bank_name="", note="") == []


def test_amounts_go_out_in_yuan_or_in_fen():
    fen = bank("amounts", "minor")
    written = banks.write(fen, a_batch()).content.decode("gb18030")
    assert "|2|1300003\r\n" in written
    assert "|650001|" in written


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("delimiter", ","),
        ("delimiter", "\t"),
        ("line_end", "lf"),
        ("trailer", []),
        ("encoding", "utf-8"),
        ("row/0", {"constant": "D"}),
        ("header/1", {"field": "reference", "bytes": 30}),
        ("header/2", {"field": "currency", "bytes": 3}),
        ("header/2", {"field": "sequence", "bytes": 3}),
    ],
)
def test_every_part_of_a_profile_is_written_and_proven(path, value):
    other = bank(path, value)
    written = banks.write(other, a_batch())
    assert written.content != banks.write(BANK, a_batch()).content or path.startswith("header/1")
    assert other.version != BANK.version


def test_dates_go_out_with_or_without_hyphens():
    mapping = changed("header/2/bytes", 10) | {"dates": "extended"}
    written = banks.write(Delimited("delimited:other", mapping), a_batch())
    assert b"|2026-10-10|" in written.content


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("encoding", "latin-1", "encoding must be one of"),
        ("encoding", None, "encoding must be given"),
        ("delimiter", "a", "delimiter must be one of"),
        ("line_end", "cr", "line_end must be one of"),
        ("amounts", "cents", "amounts must be one of"),
        ("currency", "XXX", "currency must be"),
        ("adapter", "iso20022", "adapter must be"),
        ("version", 1, "version must be a text"),
        ("title", "", "title must be a text"),
        ("payments_max", 0, "payments_max must be a whole number"),
        ("payments_max", True, "payments_max must be a whole number"),
        ("bytes_max", "1", "bytes_max must be a whole number"),
        ("deduplicates", "no", "deduplicates must be true or false"),
        ("silence", "x", "silence must be one of"),
        ("confidence", "sure", "confidence must be one of"),
        ("delimeter", "|", "delimeter must be left out"),
        ("file_name", "{reference}/x.txt", "file_name must be letters"),
        ("file_name", "same.txt", "file_name must be a name such as"),
        ("file_name", "{reference.__class__}", "file_name must be a name such as"),
        ("file_name", "{0}", "file_name must be a name such as"),
        ("file_name", "{reference", "file_name must be a name such as"),
        ("header", [], "header must be a list of columns"),
        ("header", "H", "header must be a list of columns"),
        ("header/5", {"constant": "2"}, "header must be complete: it has no total"),
        ("header/0", {"constant": "a|b"}, "constant must be printable text"),
        ("header/0", {"constant": "H", "bytes": 1}, "bytes must be left out"),
        ("row/2", {"field": "name", "bytes": 9}, "row must be each field at most once"),
        ("row/2", {"field": "iban", "bytes": 9}, "field must be one of"),
        ("row/2", {"field": "account"}, "bytes must be given"),
        ("row/2/pattern", "[", "pattern must be a regular expression"),
        ("row/2/optional", 1, "optional must be true or false"),
        ("row/6", {"constant": "1"}, "row must be complete: it has no amount"),
        ("answer", [], "answer must be a table"),
        ("answer/header", ["=H"], "header must be complete: it has no reference"),
        ("answer/header", "H", "header must be a list of"),
        ("answer/header", ["reference", "count", "=|"], "header must be constants"),
        ("answer/row", ["status", "status"], "row must be a list of"),
        ("answer/row", ["status"], "row must be complete: it has no reference"),
        ("answer/statuses", {}, "statuses must be a table of"),
        ("answer/statuses/成功", "ok", "成功 must be one of"),
        ("answer/other", 1, "other must be left out"),
    ],
)
def test_a_wrong_profile_is_refused_with_its_key_and_what_it_must_be(path, value, says):
    with pytest.raises(BadProfile) as refused:
        bank(path, value)
    assert says in refused.value.detail


def test_a_profile_with_what_toml_alone_has_is_refused():
    with pytest.raises(BadProfile):
        bank("title", tomllib.loads("t = 2026-01-01")["t"])


def test_a_special_account_that_does_not_fit_is_not_written():
    debtor = replace(a_batch().debtor, number="6" * 33)
    with pytest.raises(Unrenderable, match="debtor_number"):
        list(BANK.render(a_batch(debtor=debtor)))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("H|", "K|"),
        ("T|2", "T|3"),
        ("|2|13000.03", "|02|13000.03"),
        ("|13000.03", "|13000.030"),
        ("|13000.03", "|13000.3"),
        ("|20261010|", "|20261310|"),
        ("|20261010|", "|2026-10-10|"),
        ("\r\n2|", "\r\n3|"),
        ("\r\n2|", "\n2|"),
        ("|6500.01|", "|x|"),
        ("T|2\r\n", "T|2"),
        ("T|2\r\n", ""),
        ("|测试工人2|", "|测试工人2||"),
    ],
)
def test_a_file_that_is_not_as_we_write_it_is_not_ours(good, bad):
    content = banks.write(BANK, a_batch()).content.decode("gb18030")
    assert good in content
    with pytest.raises(UnreadableFile):
        list(BANK.read_back([content.replace(good, bad, 1).encode("gb18030")]))


def test_a_file_without_line_ends_is_given_up_early():
    endless = (b"H" * 65_536 for _ in range(1_000_000))
    with pytest.raises(UnreadableFile, match="without end"):
        next(BANK.read_back(endless))


def test_a_file_without_rows_or_with_one_too_few_is_not_ours():
    whole = banks.write(bank("trailer", []), a_batch()).content
    for content in (whole.split(b"\n")[0] + b"\n", whole[: whole.index(b"\n2|") + 1]):
        with pytest.raises(UnreadableFile, match="count and sum"):
            list(bank("trailer", []).read_back([content]))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_encoding_gives_back_every_character_that_it_takes(encoding):
    for number in range(0x33480):  # all planes with characters of people's names
        character = chr(number)
        try:
            written = character.encode(encoding, "strict")
        except UnicodeEncodeError:
            continue
        assert written.decode(encoding, "strict") == character


def test_bytes_of_another_encoding_are_not_ours():
    content = banks.write(BANK, a_batch()).content.replace("工人".encode("gb18030"), b"\xff\xff")
    with pytest.raises(UnreadableFile, match="encoding"):
        list(BANK.read_back([content]))


def test_the_adapter_alone_needs_a_profile():
    with pytest.raises(BadProfile, match="needs a profile"):
        Delimited("delimited")


def test_the_return_file_answers_each_payment():
    paid, rejected = BANK.read_report(return_file(ROWS))
    assert (paid.reference, paid.result, paid.amount) == (ONE, Result.PAID, 650_001)
    assert (rejected.result, rejected.reason, rejected.text) == (
        Result.REJECTED, "E102", "户名不符",
    )  # fmt: skip
    assert (paid.evidence, paid.file_reference) == ("SVC000001", "F0000017")
    assert [paid.position, rejected.position] == [1, 2]


@pytest.mark.parametrize("word", SHIPPED["answer"]["statuses"])
def test_every_status_of_the_profile_is_read(word):
    (answer,) = BANK.read_report(return_file([(ONE, 1, word, "")]))
    assert answer.result == SHIPPED["answer"]["statuses"][word]
    assert answer.reason == word


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("|失败|", "|?|"),
        ("|失败|", "|失败|失败|"),
        ("|6500.02|", "|6500.0x|"),
        ("|6500.02|", "|-6500.02|"),
        (f"|{TWO}|", "||"),
    ],
)
def test_a_bad_row_is_quarantined_and_blocks_no_other(good, bad):
    content = return_file(ROWS).replace(good.encode("gb18030"), bad.encode("gb18030"))
    first, second = BANK.read_report(content)
    assert isinstance(first, PaymentAnswer)
    assert isinstance(second, Quarantined)
    assert second.position == 2


def test_a_row_in_another_encoding_is_quarantined():
    content = return_file(ROWS).replace("户名不符".encode("gb18030"), b"\xff\xff")
    assert [type(one) for one in BANK.read_report(content)] == [PaymentAnswer, Quarantined]


@pytest.mark.parametrize(
    "said",
    [
        {"count": 1},
        {"count": 3},
        {"count": "x"},
        {"count": "²"},
        {"total": "13000.04"},
        {"total": "6500.01"},
        {"total": "x"},
        {"paid_count": 0},
        {"paid_count": 2},
        {"paid_total": "0.00"},
    ],
)
def test_totals_that_are_not_the_rows_refuse_the_whole_report(said):
    with pytest.raises(UnreadableReport):
        next(BANK.read_report(return_file(ROWS, **said)))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("H|", "K|"),
        ("T|2", "T|3"),
        ("T|2", "X|2"),
        ("F0000017", ""),
        ("H|F0000017", "H"),
        ("T|2\r\n", ""),
    ],
)
def test_a_header_or_trailer_of_another_layout_refuses_the_whole_report(good, bad):
    content = return_file(ROWS).decode("gb18030").replace(good, bad, 1).encode("gb18030")
    with pytest.raises(UnreadableReport):
        next(BANK.read_report(content))


def test_a_status_of_the_whole_file_is_an_answer_about_the_file():
    other = bank("answer/header", ["=H", "reference", "status", "count"])

    def answered(status, rows=0):
        content = f"H|F0000017|{status}|{rows}\r\nT|{rows}\r\n"
        return list(other.read_report(content.encode("gb18030")))

    (answer,) = answered("重复")
    assert isinstance(answer, FileAnswer)
    assert (answer.reference, answer.result) == ("F0000017", Result.DUPLICATE)
    assert [one.result for one in answered("成功")] == [Result.ACCEPTED]
    assert [one.result for one in answered("失败")] == [Result.REJECTED]
    assert isinstance(answered("退票")[0], Quarantined)
    assert isinstance(answered("?")[0], Quarantined)


def test_a_return_file_may_end_its_lines_in_either_way():
    content = return_file(ROWS)
    assert list(BANK.read_report(content.replace(b"\r\n", b"\n"))) == list(
        BANK.read_report(content)
    )
    assert list(BANK.read_report(content.rstrip())) == list(BANK.read_report(content))


def test_a_return_file_in_fen_without_amount_columns_is_read():
    mapping = changed("answer/row", ["reference", "status", "skip", "date", "skip"])
    mapping["answer"] |= {"header": ["reference", "count", "skip"], "trailer": []}
    other = Delimited("delimited:other", mapping | {"amounts": "minor"})
    (answer,) = other.read_report(f"F0000017|1|?\n{ONE}|成功|?|20261011|?\n".encode("gb18030"))
    assert (answer.result, answer.amount, str(answer.on)) == (Result.PAID, None, "2026-10-11")


def test_a_return_file_in_fen_is_read():
    content = return_file(ROWS, total="1300003", paid_total="650001").decode("gb18030")
    content = content.replace("6500.01", "650001").replace("6500.02", "650002")
    fen = bank("amounts", "minor")
    assert [one.amount for one in fen.read_report(content.encode("gb18030"))] == [650_001, 650_002]
