import pytest

from lastseen.rosters.workbook_xml import cell_name, valueless_cells

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="2">{}</row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("row", "column", "name"), [(0, 0, "A1"), (6, 2, "C7"), (0, 25, "Z1"), (9, 26, "AA10")]
)
def test_a_cell_is_named_as_excel_names_it(row, column, name):
    assert cell_name(row, column) == name


@pytest.mark.parametrize(
    ("cell", "places"),
    [
        ('<c r="B2"><f>A1</f></c>', [(1, 1)]),
        ('<c r="B2"><f>A1</f><v></v></c>', [(1, 1)]),
        ('<c r="B2"><f>A1</f><v/></c>', [(1, 1)]),
        ('<c r="B2" t="e"><v>#REF!</v></c>', [(1, 1)]),
        ('<c r="B2"><f>A1</f><v>1</v></c>', []),
        ('<c r="B2" t="str"><f>IF(A1,"","")</f><v></v></c>', []),
        ('<c r="B2"><v>1</v></c>', []),
        ('<c r="B2"/>', []),
    ],
)
def test_only_formulas_without_a_value_and_errors_are_reported(cell, places):
    assert list(valueless_cells(SHEET.format(cell).encode())) == places
