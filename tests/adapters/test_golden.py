"""The bytes that banks get are kept under fixtures/, and change only on purpose."""

from __future__ import annotations

import pytest

from tests.adapters.golden import files
from tests.regenerate import FIXTURES, manifest

GOLDEN = dict(files())


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_file_is_what_is_written_today(name):
    assert (FIXTURES / name).read_bytes() == GOLDEN[name]


def test_the_manifest_lists_every_fixture_with_its_digest():
    assert (FIXTURES / "MANIFEST").read_text(encoding="utf-8") == manifest()


def test_no_bank_file_or_report_is_left_over():
    kept = {
        path.relative_to(FIXTURES).as_posix()
        for folder in ("bank_files", "reports")
        for path in (FIXTURES / folder).rglob("*")
        if path.is_file()
    }
    assert kept == set(GOLDEN)
