import asyncio
from datetime import date
from pathlib import Path

import pytest

from lastseen.model.contractor import Contractor
from lastseen.model.errors import ExitCode, UsageError
from lastseen.rosters import Listing, RosterOptions, open_roster
from tests.unit.rosters.pretended_portal import PretendedPortal, guid

ID = guid(1)


@pytest.fixture
def read(tmp_path):
    """Write a file and read it as a roster: `read("email\\na@x.org\\n")`."""

    def read(content: str | bytes, **columns: str) -> Listing:
        path = tmp_path / "contractors.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return loaded(path, **columns)

    return read


def loaded(path: Path, **columns: str) -> Listing:
    roster = open_roster(RosterOptions(source="csv", path=path, columns=columns))
    portal = PretendedPortal()
    listing = asyncio.run(roster.load(portal))
    assert portal.requests == 0
    return listing


def emails(listing: Listing) -> list[str | None]:
    return [contractor.email for contractor in listing.contractors]


def test_every_column_is_read(read):
    listing = read(
        "id,email,display_name,sponsor,end_date\n"
        f"{ID},ada@vendor.com,Ada L.,boss@example.com,2026-12-31\n"
    )

    assert listing.contractors == (
        Contractor(
            id=ID,
            email="ada@vendor.com",
            display_name="Ada L.",
            sponsor="boss@example.com",
            end_date=date(2026, 12, 31),
        ),
    )
    assert not listing.warnings


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_is_read_with_and_without_a_byte_order_mark(read, ending, bom):
    listing = read(bom + ending.join(["email,sponsor", "a@x.org,S", "", "b@x.org,S"]))

    assert emails(listing) == ["a@x.org", "b@x.org"]


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_the_header_shows_what_parts_the_fields(read, sign, quote):
    header = sign.join(f"{quote}{name}{quote}" for name in ("id", "email", "display_name"))
    row = sign.join(f"{quote}{value}{quote}" for value in (ID, "a@x.org", "Ada"))

    assert read(f"{header}\n{row}\n").contractors == (
        Contractor(id=ID, email="a@x.org", display_name="Ada"),
    )


def test_a_header_in_any_case_with_blanks_around_it_is_known(read):
    assert emails(read(" E-Mail , EMAIL ,\tId\nx, a@x.org ,\n")) == ["a@x.org"]


def test_columns_may_have_other_names(read):
    listing = read(
        "Nr;E-Mail;Vertragsende\n7;a@x.org;2026-06-30\n", email="e-mail", end_date="Vertragsende"
    )

    assert listing.contractors == (Contractor(email="a@x.org", end_date=date(2026, 6, 30)),)


def test_a_column_can_be_declared_not_to_be_there(read):
    listing = read("id,email\n4711,a@x.org\n", id="")

    assert listing.contractors == (Contractor(email="a@x.org"),)
    assert not listing.warnings


def test_a_renamed_column_that_is_missing_is_refused(read):
    with pytest.raises(UsageError, match="Vertragsende"):
        read("email,end\na@x.org,2026-06-30\n", end_date="Vertragsende")


def test_two_columns_of_one_name_are_refused(read):
    with pytest.raises(UsageError, match="2 columns email"):
        read("email,Email\na@x.org,b@x.org\n")


@pytest.mark.parametrize("name", ["End Date", "end-date", "ENDDATE", " end . date "])
def test_two_columns_of_nearly_one_name_are_refused(read, name):
    with pytest.raises(UsageError, match="may each be the end of a contract"):
        read(f"email,end_date,{name}\na@x.org,2020-01-01,2030-01-01\n")


def test_a_row_that_names_nobody_is_ignored_with_a_warning(read):
    listing = read("id,email,display_name\n,a@x.org,A\n,,Nobody\n,b@x.org,B\n")

    assert emails(listing) == ["a@x.org", "b@x.org"]
    assert len(listing.warnings) == 1
    assert "line 3: neither id nor e-mail" in listing.warnings[0]


def test_many_rows_of_one_kind_make_one_warning(read):
    listing = read("email,sponsor\n" + ",S\n" * 1000)

    assert len(listing.warnings) == 1
    assert "lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 990 more" in listing.warnings[0]


def test_ids_are_known_in_every_way_of_writing_them(read):
    plain = ID.replace("-", "")

    listing = read(f"id\n{ID.upper()}\n{{{ID}}}\n{plain}\n")

    assert listing.contractors == (Contractor(id=ID),)


def test_somebody_elses_ids_give_way_to_the_address(read):
    listing = read("id,email\n4711,a@x.org\n")

    assert listing.contractors == (Contractor(email="a@x.org"),)
    assert "line 2: the id is not a DocSpace account id" in listing.warnings[0]


@pytest.mark.parametrize("wrapped", [f"[{ID}]", f"id={ID}", f"{ID} (old)", f"{ID}/{ID}"])
def test_an_id_among_other_signs_refuses_the_file_instead_of_giving_way_to_the_address(
    read, wrapped
):
    with pytest.raises(UsageError, match="line 2: column id is not one account id"):
        read(f"id,email\n{wrapped},another@x.org\n")


def test_somebody_elses_id_alone_is_still_somebody(read):
    listing = read("id,email\n4711,\n")

    assert [c.id for c in listing.contractors] == ["4711"]
    assert listing.warnings


def test_a_text_that_is_no_address_is_warned_of(read):
    listing = read(f"id,email\n{ID},n/a\n")

    assert listing.contractors == (Contractor(id=ID),)
    assert "line 2: column email is not one e-mail address: the id is used" in listing.warnings[0]


@pytest.mark.parametrize("text", ["n/a", "ann@x.org;bob@x.org", "Ann"])
def test_a_text_that_is_no_address_refuses_the_file_where_there_is_no_id(read, text):
    with pytest.raises(UsageError) as refusal:
        read(f"email,end_date\nann@x.org,2020-01-01\n{text},2027-01-01\n")

    assert f"line 3: column email is not one e-mail address ('{text}')" in refusal.value.found


def test_a_value_that_may_be_a_secret_is_not_shown(read):
    for text in ("sk-0123456789abcdef", "hunter2hunter2", "correcthorsebattery"):
        with pytest.raises(UsageError) as refusal:
            read(f"email\n{text}\n")
        assert text not in refusal.value.found


def test_a_wrapped_address_is_read_as_the_address_that_it_is(read):
    listing = read("email\nAnn <ann@x.org>\nmailto:bob@x.org\n'eve@x.org\n")

    assert emails(listing) == ["ann@x.org", "bob@x.org", "eve@x.org"]


def test_two_rows_whose_addresses_differ_by_more_than_case_are_two_people(read):
    rows = "hans.straße@x.org,2020-01-01\nhans.strasse@x.org,2027-01-01\n"

    assert len(read("email,end_date\n" + rows).contractors) == 2


def test_a_row_that_only_has_a_name_leaves_the_roster_incomplete(read):
    assert read("email,display_name\na@x.org,A\n,\n").complete
    assert not read("email,display_name\na@x.org,A\n,Ann\n").complete
    assert not read("id,email\n4711,\n").complete


def test_the_same_person_twice_is_one_person_and_the_first_row_goes_before(read):
    listing = read(
        f"id,email,display_name,sponsor\n,Ada@X.org,Ada,\n{ID},ada@x.org,Someone,S\n{ID},,,T\n"
    )

    assert listing.contractors == (
        Contractor(id=ID, email="Ada@X.org", display_name="Ada", sponsor="S"),
    )


def test_one_address_with_two_ids_is_not_taken_for_one_person(read):
    listing = read(f"id,email\n{guid(1)},a@x.org\n{guid(2)},a@x.org\n")

    assert [c.id for c in listing.contractors] == [guid(1), guid(2)]


def test_one_id_with_two_addresses_keeps_both_with_a_warning(read):
    listing = read(f"id,email\n{ID},a@x.org\n{ID},b@x.org\n")

    assert emails(listing) == ["a@x.org", "b@x.org"]
    assert {contractor.id for contractor in listing.contractors} == {ID}
    assert "line 3: a second e-mail address" in listing.warnings[0]


def test_of_two_end_dates_the_later_holds(read):
    listing = read("email,end_date\na@x.org,2026-12-31\na@x.org,2026-01-31\n")

    assert listing.contractors[0].end_date == date(2026, 12, 31)
    assert "line 3: another end date" in listing.warnings[0]


def test_a_contract_without_an_end_outlasts_one_with_an_end(read):
    rows = ["a@x.org,2026-01-31", "a@x.org,"]

    for order in (rows, rows[::-1]):
        listing = read("email,end_date\n" + "\n".join(order))
        assert listing.contractors[0].end_date is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("2026-12-31 00:00", date(2026, 12, 31)),
        ("2026-12-30T23:00:00Z", date(2026, 12, 31)),
        ("", None),
        ("   ", None),
    ],
)
def test_an_end_date_is_a_date_or_a_date_time_and_never_a_day_early(read, written, day):
    assert read(f"email,end_date\na@x.org,{written}\n").contractors[0].end_date == day


@pytest.mark.parametrize("written", ["31.12.2026", "12/31/2026", "2026-02-30", "soon", "46387"])
def test_an_unreadable_end_date_is_one_error_that_names_the_lines(read, written):
    with pytest.raises(UsageError) as refusal:
        read(f"email,end_date\na@x.org,2026-01-01\nb@x.org,{written}\nc@x.org,{written}\n")

    told = f"lines 3, 4: column end_date is not a date as in 2026-12-31 ('{written}')"
    assert told in refusal.value.found
    assert refusal.value.exit_code is ExitCode.USAGE


def test_quoted_fields_hold_delimiters_quotes_and_line_breaks(read):
    listing = read('email,display_name,sponsor\na@x.org,"Doe, ""Jo""\n  Ann",S\n,Nobody,S\n')

    assert listing.contractors[0].display_name == 'Doe, "Jo" Ann'
    assert "line 4: neither" in listing.warnings[0]


def test_short_rows_lack_what_they_lack(read):
    assert read("email,display_name,end_date\na@x.org\n").contractors == (
        Contractor(email="a@x.org"),
    )


def test_a_short_row_is_reported_once_and_an_empty_one_not_at_all(read):
    listing = read("email,display_name,end_date\na@x.org\n,\nb@x.org,Bo,\nc@x.org,Cy\n")

    assert [warning.split(", ", 1)[1] for warning in listing.warnings] == [
        "lines 2, 5: the row is shorter than the header: missing fields count as empty, and no "
        "guest counts as off the roster"
    ]


@pytest.mark.parametrize(
    "damaged",
    [
        ",bob@x.org.Bob,2024-01-01,2028-12-31",
        ",bob@x.org\u0301Bob,2024-01-01,2028-12-31",
        ",bob@x.or",
    ],
)
def test_a_row_that_lost_a_separator_refuses_the_file_where_it_may_prolong_a_contract(
    read, damaged
):
    ended = ",bob@x.org,Bob,2022-01-01,2023-06-30"

    with pytest.raises(UsageError, match="line 3: fewer fields than the header has"):
        read(f"id,email,display_name,start,end_date\n{ended}\n{damaged}\n")


def test_a_short_row_in_the_middle_leaves_nobody_off_the_roster(read):
    # The separator is lost: the address is that of nobody, and Ann would count as on no row.
    assert not read("email,sponsor,kind\nann@x.org.S,k\nbob@x.org,S,k\n").complete
    assert read("email,sponsor,kind\nann@x.org,S,k\n,\nbob@x.org,S,k\n").complete


@pytest.mark.parametrize(
    "content",
    [
        "display_name,email\nAda,ada@x.org,,\nDoe, John,john@x.org\n",
        "email,display_name,start,end_date\nada@x.org,Ada,,\n"
        "john@x.org,Doe, John,2024-01-01,2028-01-01\n",
    ],
)
def test_a_row_longer_than_the_header_refuses_the_file(read, content):
    with pytest.raises(UsageError, match="line 3: more fields than the header has"):
        read(content)


def test_empty_fields_behind_the_last_column_are_nothing(read):
    assert emails(read("display_name,email\nAda,ada@x.org,,\n")) == ["ada@x.org"]


def test_the_end_date_of_a_row_shorter_than_the_header_is_not_believed(read):
    listing = read("email,display_name,end_date,start\na@x.org,2028-01-01,2024-01-01\n")

    assert listing.contractors == (Contractor(email="a@x.org", display_name="2028-01-01"),)
    assert "line 2: the row has fewer or more fields than the header" in listing.warnings[0]


def test_the_end_date_of_a_row_longer_by_empty_fields_is_not_believed(read):
    content = "email,display_name,start,end_date\na@x.org,Doe, John,2024-01-01,\n"  # without an end

    listing = read(content)

    assert [person.end_date for person in listing.contractors] == [None]
    assert "line 2: the row has fewer or more fields than the header" in listing.warnings[0]


@pytest.mark.parametrize(
    "nobody", [",,Ann Lee,2028-12-31", ",,Ann Lee,", "4711,,Ann Lee,2028-12-31"]
)
def test_a_row_that_names_nobody_refuses_the_file_where_it_may_prolong_a_contract(read, nobody):
    ended = ",ann@x.org,Ann Lee,2026-01-31"

    with pytest.raises(UsageError, match="line 3: nothing by which an account can be found"):
        read(f"id,email,display_name,end_date\n{ended}\n{nobody}\n")


@pytest.mark.parametrize("blank", [",,,", ' ," ",\u00a0,', ""])
def test_a_blank_row_is_nothing_even_where_others_have_end_dates(read, blank):
    listing = read(f"id,email,display_name,end_date\n,ann@x.org,Ann,2026-01-31\n{blank}\n")

    assert emails(listing) == ["ann@x.org"]
    assert listing.complete
    assert listing.warnings == ()


@pytest.mark.parametrize("written", ["0001-01-01", "1900-01-01", "1970-01-01T00:00:00Z"])
def test_an_end_date_before_the_year_2000_is_no_end_with_a_warning(read, written):
    listing = read(f"email,end_date\na@x.org,{written}\n")

    assert listing.contractors == (Contractor(email="a@x.org"),)
    assert "line 2: an end date before the year 2000 is taken as no end" in listing.warnings[0]


def test_a_quotation_mark_never_closed_is_an_error_and_swallows_nobody(read):
    with pytest.raises(UsageError, match="begins on line 3"):
        read('email,display_name\na@x.org,A\nb@x.org,"B\nc@x.org,C\n')


@pytest.mark.parametrize(
    "field",
    [
        '"Ann, L\nbob@x.org,Bob,2028-12-31\ntd"',
        '"Ann, L\nbob@x.org,,\ntd"',
        '"Ann, L\rBob <bob@x.org>,Bob,,\rtd"',
        '"Ann, L\nbob@x.org,Bob"',
    ],
)
def test_two_quotation_marks_that_swallow_a_row_are_an_error(read, field):
    content = f"email,display_name,end_date\nann@x.org,{field},2028-12-31\n"

    with pytest.raises(UsageError, match="line 2: a quoted field contains what looks like another"):
        read(content)


@pytest.mark.parametrize(
    "note",
    [
        "Deputies:\nBob, bob@x.org",
        "bob@x.org,\neve@x.org",
        "Deputies:\nBob, bob@x.org, by phone\nuntil May",
        "Deputies:\nbob@x.org,\neve@x.org,\nor Kim",
    ],
)
@pytest.mark.parametrize("header", ["email,note,end_date", "email,end_date,note"])
def test_a_field_of_several_lines_may_list_addresses(read, header, note):
    row = {"email": "ann@x.org", "note": f'"{note}"', "end_date": "2028-12-31"}

    listing = read(f"{header}\n{','.join(row[name] for name in header.split(','))}\n")

    assert emails(listing) == ["ann@x.org"]


def test_a_name_of_two_lines_before_the_address_is_one_row(read):
    assert emails(read('display_name,email\n"Ann,\nLee",ann@x.org\n')) == ["ann@x.org"]


def test_a_field_of_several_lines_may_name_somebody_in_a_sentence(read):
    note = "Ask bob@x.org, or\nbob@x.org\nif he is away, ann"

    listing = read(f'email,note\nann@x.org,"{note}"\n')

    assert emails(listing) == ["ann@x.org"]


def test_a_header_without_rows_is_an_empty_roster_with_a_warning(read):
    listing = read("id,email\n")

    assert listing.contractors == ()
    assert "no rows" in listing.warnings[0]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", "  \r\n"])
def test_an_empty_file_is_refused(read, content):
    with pytest.raises(UsageError, match="empty"):
        read(content)


def test_a_file_without_ids_and_addresses_is_refused_and_its_header_shown(read):
    with pytest.raises(UsageError) as refusal:
        read("Name;Phone\nAda;a@x.org\n")

    assert "no column id or email, only Name, Phone" in refusal.value.found
    assert "[roster.columns]" in refusal.value.remedy


def test_a_file_that_is_no_roster_shows_nothing_of_itself(read):
    with pytest.raises(UsageError) as refusal:
        read("root:$6$salt,hash;19000:0\n")

    assert "salt" not in str(refusal.value)


def test_a_file_of_another_encoding_is_refused_by_line_and_byte(read):
    with pytest.raises(UsageError) as refusal:
        read("\ufeffemail,display_name\r\na@x.org,A\r\n".encode() + b"b@x.org,Bj\xf6rn\r\n")

    assert "line 3 has a byte 0xf6 (byte 45 of the file)" in refusal.value.found
    assert "Windows-1252" in refusal.value.meaning


@pytest.mark.parametrize(
    ("content", "likely"),
    [
        ("email\na@x.org\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00", "a workbook"),
        (b"email\na@x.org\x00\n", "another encoding"),
    ],
)
def test_what_is_no_text_is_refused_with_a_guess_at_what_it_is(read, content, likely):
    with pytest.raises(UsageError) as refusal:
        read(content)

    assert likely in refusal.value.meaning


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(UsageError) as refusal:
            loaded(path)
        assert str(path) in refusal.value.attempted


def test_a_roster_without_a_path_is_refused():
    with pytest.raises(UsageError, match=r"roster\.path is not set"):
        open_roster(RosterOptions(source="csv"))


def test_ten_thousand_rows_are_read(read):
    rows = "".join(
        f"{guid(n)},person{n}@vendor{n % 50}.com,Person {n},sponsor@example.com,2027-01-31\n"
        for n in range(10_000)
    )
    listing = read("id,email,display_name,sponsor,end_date\n" + rows)

    assert len(listing.contractors) == 10_000


@pytest.mark.parametrize("somebody", ["ada@x.org", ID])
def test_a_header_that_names_somebody_is_refused(read, somebody):
    # Its lines end with something that no CSV file ends lines with: they are one header.
    with pytest.raises(UsageError, match="like a person's address or id"):
        read(f"email,end_date\x0b,{somebody},2028-12-31\nbob@x.org,2028-12-31\n")


def test_a_file_that_ends_within_a_row_is_not_complete(read):
    # Whoever stood on the rest of it, or in the half address, must not count as on no row.
    assert not read("email,sponsor\nann@x.org,S\nbob@x.or").complete
    assert read("email,sponsor\nann@x.org,\nbob@x.org,S\n").complete


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("End Date", 'end_date = "End Date"'),
        ("Ende", 'end_date = "Ende"'),
        ("@", "column number 2: "),
    ],
)
@pytest.mark.parametrize("date_written", ["2026-12-31", "31.12.2026", "12/31/26"])
def test_dates_in_a_column_that_is_not_used_are_told_where_no_contract_ends(
    read, header, named, date_written
):
    listing = read(f"email,{header},name\na@x.org,,A\nb@x.org,{date_written},B\n")
    (warning,) = listing.warnings
    assert "no column end_date" in warning
    assert named in warning


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("email,hired\na@x.org,2020-01-31\n", {"end_date": ""}),
        ("email,hired,end_date\na@x.org,2020-01-31,2027-01-31\n", {}),
        ("email,hired,until\na@x.org,2020-01-31,2027-01-31\n", {"end_date": "until"}),
        ("email,team\na@x.org,7\n", {}),
    ],
)
def test_no_dates_are_told_where_the_end_is_settled(read, content, columns):
    assert read(content, **columns).warnings == ()


def test_a_column_of_dates_without_a_name_is_not_to_be_set_by_its_number(read):
    (warning,) = read("email,@\na@x.org,2026-12-31\n").warnings
    assert "give it a name" in warning
    assert 'end_date = "number' not in warning


def test_of_many_columns_of_dates_some_are_named_and_the_others_counted(read):
    header = ",".join(f"day{number}" for number in range(300))
    (warning,) = read(f"email,{header}\na@x.org{',2026-12-31' * 300}\n").warnings
    assert "day4 and 295 more" in warning
    assert "day5" not in warning
    assert len(warning) < 300
