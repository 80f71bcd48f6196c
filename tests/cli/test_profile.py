"""A clerk writes down a bank's format: new, check, and what is told about it."""

from __future__ import annotations

import tomllib

import pytest

from disburse import banks
from tests.cli.terminal import Terminal

FIXED, DELIMITED, ICBC = (
    "fixed_width:example_fixed_bank", "delimited:small_chinese_bank", "icbc:icbc_payper",
)  # fmt: skip


@pytest.fixture
def here(tmp_path):
    """A terminal without a database: none of these commands may want one."""
    return Terminal("postgresql://nobody@/none?host=/nowhere", DISBURSE_PROFILES=str(tmp_path))


@pytest.fixture
def mine(here, tmp_path):
    """A clerk's own copy of the shipped profile of fixed widths."""
    path = tmp_path / "my_bank.toml"
    here.run("profile", "new", FIXED, "-o", path)
    return path


def edited(path, *pairs):
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def every_shipped():
    return [f"{one.name}:{profile}" for one in banks.announced() for profile in one.profiles]


@pytest.mark.parametrize("name", every_shipped())
def test_every_shipped_profile_can_be_copied_checked_and_used_under_another_name(
    here, tmp_path, name
):
    path = tmp_path / "my_bank.toml"
    here.run("profile", "new", name, "-o", path)
    assert "#" in path.read_text(encoding="utf-8")
    told = here.json("profile", "check", path)
    assert (told["ok"], told["faults"]) == (True, [])
    out = tmp_path / "out"
    mine = f"{name.partition(':')[0]}:my_bank"
    here.run("render", mine, "--example", 3, "-o", out)
    assert told["sample"]


def test_nothing_is_written_over_and_an_unknown_profile_is_told(here, mine, tmp_path):
    before = mine.read_bytes()
    assert "File exists" in here.run("profile", "new", FIXED, "-o", mine, exit_code=2).stderr
    assert mine.read_bytes() == before
    told = here.run("profile", "new", "fixed_width:no", "-o", tmp_path / "x.toml", exit_code=2)
    assert told.stderr.count("\n") == 1
    assert FIXED in told.stderr
    assert not (tmp_path / "x.toml").exists()


def test_the_sample_stands_under_a_ruler_where_the_table_says(here, mine):
    shown = here.run("profile", "check", mine).stdout
    assert "60-119 (bytes of gb18030)" in shown
    ruler, _, row, *_ = shown[shown.index("........10") :].splitlines()
    as_bytes = row.encode("gb18030")
    assert as_bytes[59:119].decode("gb18030").rstrip() == "测试工人1"
    assert ruler[59 - 9 : 60].endswith("60")
    assert "DISBURSE_PROFILES" in shown
    told = here.json("profile", "check", mine)
    assert ["row", "5", "name", "60-119 (bytes of gb18030)", ""] in told["layout"]
    assert told["file_name"] == "DF000001_F0000012.dat"


def test_a_delimited_profile_tells_what_each_column_takes(here, tmp_path):
    path = tmp_path / "my_bank.toml"
    here.run("profile", "new", DELIMITED, "-o", path)
    layout = here.json("profile", "check", path)["layout"]
    assert ["row", "4", "name", "at most 60 bytes of gb18030", ""] in layout
    assert ["header", "1", "always 'H'", "", ""] in layout
    assert ["header", "3", "pay_on", "at most 8 bytes of gb18030", "YYYYMMDD"] in layout


def test_every_fault_is_told_at_once_with_its_key_and_what_it_wants(here, mine):
    edited(mine, ('dates = "basic"', 'dates = "US"'), ("width = 60", "width = 0"),
           ("payments_max = 2000", ""), ('field = "account"', 'field = "acount"'))  # fmt: skip
    shown = here.run("profile", "check", mine, exit_code=1).stdout
    for says in (
        "dates must be one of 'basic', 'extended'",
        "row, column 5: width must be",
        "payments_max must be given",
        "row, column 4: field must be one of",
    ):
        assert says in shown  # fmt: skip
    told = here.json("profile", "check", mine, exit_code=1)
    assert told["ok"] is False
    assert len(told["faults"]) >= 4


def test_every_fault_of_a_banks_own_format_is_told_too(here, tmp_path):
    path = tmp_path / "my_icbc.toml"
    here.run("profile", "new", ICBC, "-o", path)
    edited(path, ('customer = "1', 'customer = "? '), ('banks = "all"', 'banks = "some"'),
           ("start_date = false", "start_date = 0"))  # fmt: skip
    faults = here.json("profile", "check", path, exit_code=1)["faults"]
    assert [one.split(": ")[1].split(" ")[0] for one in faults] == [
        "banks", "customer", "start_date",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("My Bank.toml", "", "the file's name must be"),
        ("my_bank.txt", "", "the file's name must be"),
        ("my_bank.toml", "= ", "it is not TOML"),
        ("my_bank.toml", "\udcff", "it is not TOML"),
        ("my_bank.toml", "title = 1", "adapter must be given, as one of"),
        ("my_bank.toml", 'adapter = "nobody"', "adapter must be given, as one of"),
        ("my_bank.toml", "#" * (1 << 20) + "#", "larger than any profile"),
    ],
)
def test_what_is_no_profile_is_one_clear_line(here, tmp_path, name, text, says):
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    shown = here.run("profile", "check", path, exit_code=1)
    assert says in shown.stdout
    assert "1 to mend" in shown.stdout
    assert here.run("profile", "check", tmp_path / "none.toml", exit_code=2)


def test_a_profile_that_takes_no_payment_is_told(here, mine):
    edited(mine, ('{ field = "account", width = 32', '{ field = "account", width = 3'))
    faults = here.json("profile", "check", mine, exit_code=1)["faults"]
    assert "no invented payment fits" in faults[0]


def test_adapters_tell_format_version_distribution_capabilities_and_confidence(here):
    told = here.json("adapters")["adapters"]
    names = {one["name"] for one in told}
    assert names >= {FIXED, DELIMITED, ICBC, "iso20022", *every_shipped()}
    for one in told:
        assert {"name", "format", "version", "distribution", "capabilities"} <= set(one)
        assert one["confidence"] in {"confirmed", "unconfirmed"}
    [icbc] = [one for one in told if one["name"] == ICBC]
    assert (icbc["confidence"], icbc["distribution"]) == ("unconfirmed", "disburse")
    assert icbc["capabilities"]["charset"] == "gbk"
    assert "ICBC PAYPER" in here.run("adapters").stdout


def test_a_profile_is_what_toml_says():
    for name in every_shipped():
        assert tomllib.loads(banks.shipped_text(name))["adapter"] == name.partition(":")[0]
