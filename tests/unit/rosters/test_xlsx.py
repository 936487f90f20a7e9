import asyncio
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from msgspec import structs

from lastseen.model.contractor import Contractor
from lastseen.model.errors import ExitCode, UsageError
from lastseen.rosters import Listing, RosterOptions, open_roster
from lastseen.rosters.xlsx import XlsxRoster
from tests.unit.rosters.pretended_portal import PretendedPortal

FIXTURES = Path(__file__).parents[2] / "fixtures" / "xlsx"
"""Files saved by LibreOffice Calc 7 or later."""


def load(path: Path, **options: object) -> Listing:
    roster = open_roster(structs.replace(RosterOptions(source="xlsx", path=path), **options))
    return asyncio.run(roster.load(PretendedPortal()))


@pytest.fixture
def saved(tmp_path):
    """Save rows with openpyxl and return the file: `saved([["email"], ["a@x.org"]])`."""

    def saved(rows, change=lambda workbook: None):
        workbook = openpyxl.Workbook()
        for row in rows:
            workbook.active.append(row)
        change(workbook)
        workbook.save(tmp_path / "contractors.xlsx")
        return tmp_path / "contractors.xlsx"

    return saved


def test_dates_as_cells_and_as_text_and_numbers_as_text_are_read(saved):
    path = saved(
        [
            ["Nr", "E-Mail", "Name", "Until", "Kind"],
            [4711, "a@x.org", "Ada", date(2026, 12, 31), "external"],
            ["4712", "b@x.org", "Bob", "2026-11-30", 7],
            [
                None,
                "c@x.org",
                None,
                datetime(2026, 10, 31),  # noqa: DTZ001 - Excel knows no zones
                None,
            ],
        ]
    )

    listing = load(
        path, columns={"email": "e-mail", "end_date": "Until", "display_name": "Name", "id": ""}
    )

    assert listing.contractors == (
        Contractor(
            email="a@x.org", display_name="Ada", end_date=date(2026, 12, 31), kind="external"
        ),
        Contractor(email="b@x.org", display_name="Bob", end_date=date(2026, 11, 30), kind="7"),
        Contractor(email="c@x.org", end_date=date(2026, 10, 31)),
    )
    assert not listing.warnings


def test_title_lines_above_the_header_and_empty_rows_are_skipped(saved):
    path = saved(
        [
            ["Contractors", None, "2026"],
            [],
            [None, "email", "end_date"],
            [None, "a@x.org", None],
            [],
            [None, "b@x.org", "soon"],
            [],
        ]
    )

    with pytest.raises(UsageError, match="row 6: column end_date is not a date"):
        load(path)


def test_a_file_saved_by_libreoffice_is_read():
    listing = load(FIXTURES / "libreoffice.xlsx", columns={"end_date": "until"})

    assert listing.contractors == (
        Contractor(email="ada@vendor.example", end_date=date(2026, 12, 31), kind="external"),
        Contractor(email="bob@vendor.example", end_date=date(2027, 1, 31)),
        Contractor(email="eve@vendor.example", end_date=date(2027, 6, 30), kind="auditor"),
    )


def test_a_formula_that_nobody_calculated_is_refused_with_its_cell(saved):
    path = saved([["email", "end_date"], ["a@x.org", "=DATE(2026,12,31)"]])

    with pytest.raises(UsageError, match="formulas without a value, or errors at B2"):
        load(path)


def test_a_formula_in_a_column_that_does_not_count_is_nothing(saved):
    path = saved([["email", "sum"], ["a@x.org", "=1+1"]])

    assert load(path).contractors == (Contractor(email="a@x.org"),)


def test_an_error_in_a_cell_is_refused_with_its_cell(saved):
    def spoil(workbook):
        workbook.active["B3"].data_type = "e"

    path = saved([["email", "end_date"], ["a@x.org", None], ["b@x.org", "#REF!"]], spoil)

    with pytest.raises(UsageError, match="errors at B3"):
        load(path)


def test_merged_cells_in_a_column_that_counts_are_refused_with_their_cell(saved):
    rows = [["email", "end_date", "note"], ["a@x.org", "2026-12-31", "x"], ["b@x.org", None, "y"]]

    with pytest.raises(UsageError, match="merged cells at B2"):
        load(saved(rows, lambda workbook: workbook.active.merge_cells("B2:B3")))
    assert load(saved(rows, lambda workbook: workbook.active.merge_cells("C2:C3"))).contractors


def test_a_merged_title_above_the_header_is_nothing(saved):
    rows = [["Contractors", None], ["email", "end_date"], ["a@x.org", None]]

    listing = load(saved(rows, lambda workbook: workbook.active.merge_cells("A1:B1")))

    assert listing.contractors == (Contractor(email="a@x.org"),)


def test_the_only_visible_sheet_is_read_and_of_several_one_must_be_named(saved):
    def hide(workbook):
        workbook.create_sheet("Old").append(["email"])
        workbook["Old"].sheet_state = "hidden"

    def add(workbook):
        workbook.create_sheet("Old").append(["email"])
        workbook["Old"].append(["b@x.org"])

    rows = [["email"], ["a@x.org"]]

    assert load(saved(rows, hide)).contractors == (Contractor(email="a@x.org"),)
    with pytest.raises(UsageError, match="2 visible sheets") as refusal:
        load(saved(rows, add))
    assert "'Sheet', 'Old'" in refusal.value.remedy
    assert load(saved(rows, add), sheet="Old").contractors == (Contractor(email="b@x.org"),)
    with pytest.raises(UsageError, match="no sheet 'New'"):
        load(saved(rows, add), sheet="New")


def test_a_sheet_without_the_columns_is_refused(saved):
    with pytest.raises(UsageError, match="no column id or email, only Name, Phone"):
        load(saved([["List"], ["Name", "Phone"], ["Ada", "a@x.org"]]))


def test_a_file_that_is_open_in_excel_is_read_with_a_warning(saved):
    path = saved([["email"], ["a@x.org"]])
    (path.parent / "~$contractors.xlsx").write_bytes(b"\x05Ada")

    listing = load(path)

    assert listing.contractors
    assert "is open in Excel" in listing.warnings[0]
    with pytest.raises(UsageError, match=r"marks contractors\.xlsx as open"):
        load(path.parent / "~$contractors.xlsx")


def test_a_file_that_excel_is_just_saving_is_refused_and_said_to_be_open(saved):
    path = saved([["email"], ["a@x.org"]])
    path.write_bytes(path.read_bytes()[:1000])
    (path.parent / "~$contractors.xlsx").write_bytes(b"\x05Ada")

    with pytest.raises(UsageError, match="a program has it open") as refusal:
        load(path)
    assert refusal.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"email\na@x.org\n", "not an Excel file"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "protected by a password, or an old Excel file"),
        (b"PK\x03\x04 damaged", "not a whole Excel file"),
        (b"", "not an Excel file"),
    ],
)
def test_what_is_no_excel_file_is_refused(tmp_path, content, found):
    (tmp_path / "a.xlsx").write_bytes(content)

    with pytest.raises(UsageError, match=found):
        load(tmp_path / "a.xlsx")


def test_another_kind_of_zip_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")

    with pytest.raises(UsageError, match="not a whole Excel file"):
        load(tmp_path / "a.xlsx")


def test_a_workbook_that_unpacks_without_end_is_refused(saved):
    path = saved([["email"]] + [[f"person{n}@x.org"] for n in range(1000)])
    roster = XlsxRoster(RosterOptions(source="xlsx", path=path), largest=10_000)

    with pytest.raises(UsageError, match="unpacks to"):
        asyncio.run(roster.load(PretendedPortal()))


def test_entities_in_the_xml_are_refused(saved, tmp_path):
    path = saved([["email"], ["a@x.org"]])
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><workbook>&a;</workbook>'
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**parts, "xl/workbook.xml": bomb.encode()}.items():
            archive.writestr(name, content)

    with pytest.raises(UsageError, match="not a whole Excel file"):
        load(path)


def test_a_header_sorted_among_the_rows_is_refused(saved):
    path = saved([["ann@x.org", "2028-12-31"], ["email", "end_date"], ["bob@x.org", "2028-12-31"]])

    with pytest.raises(UsageError, match="row 1 names somebody, and the header is below it"):
        load(path)


@pytest.mark.parametrize(
    ("whole", "damaged"),
    [("</row>", "</ow>"), ("</t>", ""), ("</sheetData>", ""), ("</worksheet>", "</worksheet><c/>")],
)
def test_damaged_xml_is_refused_and_leaves_nobody_out(saved, tmp_path, whole, damaged):
    # Calamine reads over such damage, and people are missing afterwards.
    path = saved([["email"], ["ann@x.org"], ["bob@x.org"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    text = parts[sheet].decode()
    assert whole in text
    parts[sheet] = text.replace(whole, damaged, 1).encode()
    with zipfile.ZipFile(tmp_path / "damaged.xlsx", "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)

    with pytest.raises(UsageError, match="not a whole Excel file"):
        load(tmp_path / "damaged.xlsx")


@pytest.mark.parametrize("place", [8, 10], ids=["a compression that nobody knows", "encrypted"])
def test_an_archive_that_cannot_be_unpacked_is_refused(saved, place):
    path = saved([["email"], ["ann@x.org"]])
    content = bytearray(path.read_bytes())
    for signature, shift in ((b"PK\x01\x02", 2), (b"PK\x03\x04", 0)):
        at = content.find(signature)
        while at >= 0:
            if place == 10:
                content[at + 6 + shift] |= 1
            else:
                content[at + 8 + shift] = 77
            at = content.find(signature, at + 4)
    path.write_bytes(bytes(content))

    with pytest.raises(UsageError, match="not a whole Excel file"):
        load(path)


TWO_NAMED_COLUMNS = ["email", "end_date", None, None]


@pytest.mark.parametrize("beside", ["on leave", "Legend: red = ending soon", 7, True, "17.5"])
def test_a_column_without_a_name_is_not_used(saved, beside):
    rows = [["ann@x.org", "2028-12-31", None, beside], [None, None, beside, None]]

    listing = load(saved([TWO_NAMED_COLUMNS, *rows]))

    assert listing.contractors == (Contractor(email="ann@x.org", end_date=date(2028, 12, 31)),)
    assert listing.complete
    assert "rows 2, 3: what is beyond the last named column is not used" in listing.warnings[0]


@pytest.mark.parametrize("somebody", ["bob@x.org", "00000000-0000-4000-8000-000000000001"])
def test_somebody_beyond_the_header_refuses_the_workbook(saved, somebody):
    path = saved([TWO_NAMED_COLUMNS, ["ann@x.org", None, None, somebody]])

    with pytest.raises(UsageError, match="row 2: an address or an account id beyond the header"):
        load(path)


@pytest.mark.parametrize("day", ["2029-12-31", "31.12.2029", date(2029, 12, 31)])
def test_a_date_beyond_the_header_refuses_a_workbook_with_end_dates(saved, day):
    undated = [TWO_NAMED_COLUMNS, ["bob@x.org", None, None, day]]

    with pytest.raises(UsageError, match="row 3: a date beyond the last named column"):
        load(saved([*undated[:1], ["ann@x.org", "2028-12-31"], *undated[1:]]))
    assert load(saved(undated)).contractors


def test_dates_in_a_column_that_is_not_used_are_told_where_no_contract_ends(saved):
    listing = load(saved([["email", "Vertragsende"], ["a@x.org", date(2026, 12, 31)]]))
    (warning,) = listing.warnings
    assert 'end_date = "Vertragsende"' in warning
