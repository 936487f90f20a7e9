"""Mutated rosters, from the file or the answer to the decision, on a portal of a few guests.

Only a LastseenError may come out. Whoever is disabled because a contract ended must stand on the
mutated roster with an end in the past wherever they stand on it; whoever is disabled because they
are on no row must not stand on it at all. What stands on it is read here a second time, naively.
"""

import asyncio
import json
import random
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import lastseen.rosters.csv
import lastseen.rosters.sql
import lastseen.rosters.xlsx
from campaigns import mutations
from campaigns.fuzz import texts
from campaigns.fuzz.few_guests import GUESTS, NOW
from campaigns.fuzz.finding import Finding, last_words
from campaigns.fuzz.judging import Mutant, visible, wrong
from lastseen.model.decision import Reason, Verdict
from lastseen.model.errors import LastseenError
from lastseen.model.plan import Policy
from lastseen.policy import decide
from lastseen.rosters.interface import RosterOptions
from lastseen.rosters.json_client import JsonClient, Page
from lastseen.rosters.matching import match_all
from lastseen.rosters.sources import open_roster
from lastseen.subject import NOTHING_KNOWN, Subject
from testing.people_portal import PeoplePortal

COLUMNS = ("id", "email", "display_name", "start_date", "end_date")
"""The start is of no interest to the product: an end must never be taken from there."""

START = COLUMNS.index("start_date")

ROWS = (
    ("", "ann@vendor.example", "Ann", "2024-01-01", ""),
    (GUESTS[0].id, "", "Ann", "2023-01-01", "2024-12-31"),
    ("", "bob@vendor.example", "Bob", "2024-01-01", "2028-12-31"),
    (GUESTS[1].id, "bob@vendor.example", "Bob", "2022-01-01", "2023-06-30"),
    ("", "cid@vendor.example", "Cid", "2020-01-01", "2024-02-29"),
    (GUESTS[3].id, "", "Dee", "2024-01-01", "2026-11-26T23:00:00Z"),
    ("", "eve@vendor.example", "Eve, Ltd", "2024-01-01", "2028-12-31"),
    ("", "Fay <fay@vendor.example>", "Fay", "2024-01-01", "2029-01-01"),
    ("", "mailto:fay@vendor.example", "Fay", "2021-01-01", "2022-01-01"),
    ("", "hans.stra\u00dfe@vendor.example", "Hans", "2020-01-01", "2021-01-01"),
    (GUESTS[8].id, "IDA@VENDOR.EXAMPLE", 'Ida "Ix" Roe', "2024-01-01", ""),
    ("", "joe@vendor.example", "Joe", "1999-01-01", "0001-01-01"),
)
"""Gus is on no row; the end of Dee's contract is today in Berlin."""

LEAVING = Policy(unknown_guests="disable")

_XLSX_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override '
    'PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
    'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/'
    '2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/'
    '2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="People" sheetId="1" r:id="rId1"/></sheets></workbook>',
}
_TEXT = re.compile("<t>([^<]*)</t>")
_SHEET = "xl/worksheets/sheet1.xml"


def csv_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Read so many mutated CSV files; yield what must not happen."""
    return roster_findings("csv", number, seed, _mutated_csv)


def xlsx_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Read so many mutated workbooks; yield what must not happen."""
    return roster_findings("xlsx", number, seed, _mutated_xlsx)


def http_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Read so many mutated answers of a web service; yield what must not happen."""
    return roster_findings("http", number, seed, _mutated_http)


def scim_findings(number: int, *, seed: int) -> Iterator[Finding]:
    """Read so many mutated answers of a SCIM service; yield what must not happen."""
    return roster_findings("scim", number, seed, _mutated_scim)


def roster_findings(
    source: str, number: int, seed: int, mutant: Callable[[random.Random], Mutant]
) -> Iterator[Finding]:
    """Read so many mutants of a roster; yield what must not happen."""
    return asyncio.run(_all_findings(source, number, random.Random(f"{source} {seed}"), mutant))


async def _all_findings(
    source: str, number: int, chance: random.Random, mutant: Callable[[random.Random], Mutant]
) -> Iterator[Finding]:
    """Read all in one event loop, without files and threads: those cost more than the reading."""
    findings = []
    with _served() as served:
        for _ in range(number):
            one = mutant(chance)
            served.body = one.body
            if (text := await _trouble(source, one)) is not None:
                # The rows of a database say more than its pages.
                body = "\n".join(one.records).encode() if source == "sql" else one.body
                findings.append(Finding(where=source, mutation=one.mutation, text=text, body=body))
    return iter(findings)


async def _trouble(source: str, mutant: Mutant) -> str | None:
    """Return what goes wrong with a roster; None where it is read well, or refused."""
    portal = PeoplePortal(GUESTS)
    try:
        listing = await open_roster(_options(source)).load(portal)
        matched = await match_all(listing, portal, reconcile=True)
    except LastseenError:
        return None
    except BaseException as error:  # a panic of the library that reads workbooks is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        return last_words()
    whole = bool(listing.contractors) and listing.complete
    for found in matched.matches:
        stranger = found.problem is Reason.UNKNOWN_GUEST
        subject = Subject(
            contractor=found.contractor,
            profile=found.profile,
            problem=found.problem,
            is_off_roster=stranger and whole,
        )
        decision = decide(subject, NOTHING_KNOWN, policy=LEAVING, now=NOW)
        if decision.decision is Verdict.DISABLE and found.profile is not None:
            text = wrong(found.profile, decision.reason, mutant)
            if text is not None:
                return text
    return None


class _Served:
    """What the next roster is read from, in place of a file or a web service."""

    body = b""

    def database(self) -> sqlite3.Connection:
        """Open the body as a database."""
        connection = sqlite3.connect(":memory:")
        connection.deserialize(self.body)
        connection.execute("PRAGMA query_only = ON")
        return connection


@contextmanager
def _served() -> Iterator[_Served]:
    """Serve mutants to the rosters."""
    served = _Served()

    async def page(client: JsonClient, *_: object) -> Page:
        return Page(served.body, None)

    async def document(client: JsonClient, *_: object) -> Page:
        return Page(b"{}", None)

    async def here(function: Callable[[], Any]) -> Any:
        return function()

    with (
        patch.object(lastseen.rosters.csv, "read_file", lambda path: served.body),
        patch.object(lastseen.rosters.sql, "_sqlite", lambda url: served.database),
        patch.object(lastseen.rosters.xlsx, "read_file", lambda path: served.body),
        patch.object(asyncio, "to_thread", here),
        patch.object(JsonClient, "page", page),
        patch.object(JsonClient, "document", document),
    ):
        yield served


def _options(source: str) -> RosterOptions:
    match source:
        case "http":
            return RosterOptions(source="http", url="https://hr.example/people", rows="data.people")
        case "sql":
            url, query = "sqlite:////nowhere/people.db", "SELECT * FROM people"
            return RosterOptions(source="sql", url=url, query=query)
        case "scim":
            return RosterOptions(
                source="scim", url="https://idp.example/v2", columns={"end_date": "end_date"}
            )
        case _:
            return RosterOptions(source=source, path=Path(f"/nowhere/roster.{source}"))


def _mutated_csv(chance: random.Random) -> Mutant:
    delimiter = chance.choice(",,;\t")
    body = "\n".join(delimiter.join(map(_quoted, row)) for row in (COLUMNS, *ROWS)) + "\n"
    mutation, changed = texts.mutated(body.encode(), chance)
    records = [_without_start(one, delimiter) for one in _records(changed, delimiter)]
    columns = csv_columns(records, delimiter)
    return Mutant(mutation=mutation, body=changed, records=records, columns=columns)


def csv_columns(records: Sequence[str], delimiter: str) -> list[str]:
    """Return the names in the first row that is not blank: a byte-order mark fills no row."""
    header = next((one for one in records if visible(one).strip()), "")
    return [column(name) for name in header.split(delimiter)]


def _without_start(record: str, delimiter: str) -> str:
    """Return a row that has as many fields as there are columns without the start.

    A start after the end is strange, but no end.
    """
    fields = record.split(delimiter)
    if len(fields) == len(COLUMNS) and '"' not in record and COLUMNS[START] not in fields:
        fields[START] = ""
    return delimiter.join(fields)


def _quoted(cell: str) -> str:
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if re.search('[,;"]', cell) else cell


def _records(body: bytes, delimiter: str) -> list[str]:
    """Return the lines, those joined between which a quotation is open."""
    records: list[list[str]] = [[]]
    quoted, begins = False, True
    for sign in re.split(rf'(["{delimiter}\r\n])', body.decode("utf-8", "replace")):
        if not sign:
            continue
        ends = quoted and sign == '"'
        if sign == '"' and (quoted or begins):
            quoted = not quoted
        if sign in "\r\n" and not quoted:
            records.append([])
        records[-1].append(sign)
        # A quotation mark within a quotation is doubled: it closes and opens again.
        begins = ends or sign in f"{delimiter}\r\n"
    return ["".join(record) for record in records]


def column(name: str) -> str:
    """Return a column's name; `mail` and `e-mail` name the e-mail column too (docs/rosters.md)."""
    plain = visible(name).strip().lower()
    plain = plain[1:-1].strip() if plain[:1] == plain[-1:] == '"' else plain
    return "email" if re.sub(r"[\s._-]", "", plain) in ("email", "mail") else plain


def _mutated_xlsx(chance: random.Random) -> Mutant:
    rows = "\n".join(f"<row>{''.join(map(_cell, row))}</row>" for row in (COLUMNS, *ROWS))
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>\n{rows}\n</sheetData></worksheet>"
    )
    parts = {name: text.encode() for name, text in {**_XLSX_PARTS, _SHEET: sheet}.items()}
    if chance.random() < 0.3:
        mutation, body = texts.mutated(_zipped(parts), chance)
    else:
        part = chance.choice((_SHEET, _SHEET, *parts))
        mutation, parts[part] = texts.mutated(parts[part], chance)
        body = _zipped(parts)
    rows_there = parts[_SHEET].decode("utf-8", "replace").split("<row")
    names = [set(map(column, _TEXT.findall(row))) for row in rows_there]
    columns = next((one for one in names if one & {"id", "email"}), set())
    records = sheet_records(rows_there)
    return Mutant(mutation=mutation, body=body, records=records, columns=columns)


def sheet_records(rows: Sequence[str]) -> list[str]:
    """Return the rows of a sheet, without the start where header and row are whole.

    A start after the end is strange, but no end.
    """
    if not any(tuple(_TEXT.findall(row)) == COLUMNS for row in rows):
        return list(rows)
    return [_without_start_cell(row) for row in rows]


def _without_start_cell(row: str) -> str:
    cells = list(_TEXT.finditer(row))
    if len(cells) != len(COLUMNS) or row.count("<c") != len(COLUMNS):
        return row
    return row[: cells[START].start(1)] + row[cells[START].end(1) :]


def _cell(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<c t="inlineStr"><is><t>{escaped}</t></is></c>'


def _zipped(parts: dict[str, bytes]) -> bytes:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name), content)
    return archive.getvalue()


def _mutated_http(chance: random.Random) -> Mutant:
    people = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    return _mutated_json({"data": {"people": people}, "count": len(people)}, chance)


def _mutated_scim(chance: random.Random) -> Mutant:
    users = [
        {
            "id": f"u{number}",
            "userName": f"u{number}",
            "emails": [{"value": email, "primary": True}] if email else [],
            "displayName": name,
            "end_date": end,
            "active": True,
        }
        for number, (_, email, name, _, end) in enumerate(ROWS)
        if email
    ]
    return _mutated_json({"totalResults": len(users), "Resources": users}, chance)


def _mutated_json(document: dict[str, Any], chance: random.Random) -> Mutant:
    body = json.dumps(document, indent=chance.choice((None, 0)), ensure_ascii=False).encode()
    by = chance.choice((texts.mutated, mutations.mutated))
    mutation, changed = by(body, chance)
    return Mutant(mutation=mutation, body=changed, records=objects(changed))


def objects(body: bytes) -> list[str]:
    """Return what every object in a JSON text says about a person."""
    found = []

    def note(fields: dict[str, Any]) -> dict[str, Any]:
        # The envelope is nobody, and a SCIM user who is not active is off the roster (RFC 7643).
        if not {"data", "people", "Resources"}.isdisjoint(fields) or fields.get("active") is False:
            return fields
        said = [fields.get(key) for key in ("id", "email", "mail", "emails", "end_date")]
        found.append(" | ".join(_texts(said)))
        return fields

    try:
        # A number of any length is read as text: Python makes none of more than 4,300 digits.
        json.loads(body.decode("utf-8-sig", "replace"), object_hook=note, parse_int=str)
    except (ValueError, RecursionError):
        return []
    return found


def _texts(value: Any) -> Iterator[str]:
    """Yield every text and number in a JSON value; an end within an address is nobody's."""
    if isinstance(value, dict):
        yield from _texts([one for key, one in value.items() if key != "end_date"])
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif value is not None:
        yield str(value)
