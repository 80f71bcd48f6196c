"""A line of a sheet says where its wage goes."""

from dataclasses import asdict

from tests.sheets import a_line


def test_the_payee_is_what_the_line_says():
    line = a_line(1)
    said = asdict(line)
    told = asdict(line.payee)
    assert told.pop("latin_name") == ""  # a sheet has no column for it; the roster knows it
    assert told == {name: said[name] for name in told}
