import csv
import io
from datetime import date
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.contractor import Contractor, UserId
from lastseen.rosters import roster_digest, roster_document

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
people = st.lists(
    st.builds(Contractor, email=texts, display_name=texts, sponsor=texts, kind=texts), max_size=6
)


def test_the_document_is_csv_that_anybody_can_hash():
    ann = Contractor(email="ann@x.org", display_name="Doe, Ann", end_date=date(2026, 12, 31))
    bob = Contractor(id=UserId("1"), email="bob@x.org", kind="external")

    document = roster_document([bob, ann])

    assert document == (
        b"id,email,display_name,sponsor,end_date,kind\n"
        b',ann@x.org,"Doe, Ann",,2026-12-31,\n'
        b"1,bob@x.org,,,,external\n"
    )
    assert roster_digest(document) == sha256(document).hexdigest()


@given(people, st.randoms())
def test_the_order_of_the_roster_changes_nothing(listed, random):
    shuffled = list(listed)
    random.shuffle(shuffled)

    assert roster_document(shuffled) == roster_document(listed)


@given(people)
def test_no_cell_is_a_formula_and_everyone_is_in_it(listed):
    rows = list(csv.reader(io.StringIO(roster_document(listed).decode(), newline="")))

    assert len(rows) == len(listed) + 1
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_no_formula_begins_where_semicolons_separate():
    document = roster_document([Contractor(email="a@b.example", display_name='x;"=1";\uff1d2')])
    for row in csv.reader(io.StringIO(document.decode(), newline=""), delimiter=";"):
        assert not [cell for cell in row if cell.lstrip().startswith(("=", "\uff1d"))]
