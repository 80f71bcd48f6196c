"""Payroll sheets as files: JSON, CSV and XLSX in, JSON, CSV and an XLSX template out."""

from disburse.sheetfile.draft import Draft, UnreadableSheet
from disburse.sheetfile.reading import CSV, JSON, XLSX, examine, media_type_of, read
from disburse.sheetfile.writing import write_csv, write_json

__all__ = [
    "CSV",
    "JSON",
    "XLSX",
    "Draft",
    "UnreadableSheet",
    "examine",
    "media_type_of",
    "read",
    "write_csv",
    "write_json",
]
