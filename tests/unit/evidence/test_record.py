"""What a review looked at survives the ledger."""

import msgspec
import pytest

from lastseen.evidence.record import CoverageRecord, EvidenceRecord, decode_record, encode_record
from lastseen.model.contractor import AccountType
from lastseen.model.sighting import EvidenceKind
from tests.unit.evidence.fake_log import ANN, DAY, HOUR, ago

RECORD = EvidenceRecord(
    filters="before-window",
    looked=(
        CoverageRecord(
            kind=EvidenceKind.SIGN_IN,
            user_id=ANN,
            since=ago(30 * DAY),
            until=ago(HOUR),
            proof="asked for this person alone, 2 requests",
        ),
    ),
    account_types={ANN: AccountType.GUEST},
    notes=("sign-in log: a page was lost",),
)


def test_a_record_is_read_as_it_was_written():
    assert decode_record(encode_record(RECORD)) == RECORD


def test_what_is_no_record_is_refused():
    with pytest.raises(msgspec.MsgspecError):
        decode_record(b'{"filters": 3}')
