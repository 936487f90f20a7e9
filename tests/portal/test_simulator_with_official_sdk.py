"""The vendor's own client reads the simulated portal: an independent reader of the same API.

One file, since importing that client takes seconds.
"""

import warnings
from uuid import UUID

import pytest

from lastseen.simulator.server.app import serve_in_thread
from lastseen.simulator.server.portal import Setup
from lastseen.simulator.world.people import Status
from tests.unit.simulator.worlds import ANNA, BERT, CARA, OWNER, ago, portal

pytestmark = pytest.mark.sdk

LOGINS = [
    (ANNA, ago(hours=1), 1029),
    (ANNA, ago(hours=2), 1002),
    (BERT, ago(hours=3), 1015),
    (CARA, ago(hours=4), 1006),
]
TRAIL = [(ANNA, ago(hours=1), 5064), (BERT, ago(hours=2), 5070)]


@pytest.fixture(scope="module")
def sdk():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import docspace_api_sdk
    return docspace_api_sdk


@pytest.fixture
def served(sdk):
    asked = portal(logins=LOGINS, trail=TRAIL, setup=Setup(time_zone="Europe/Berlin"))
    with serve_in_thread(asked) as url:
        configuration = sdk.Configuration(host=url, access_token=asked.api_key)
        with sdk.ApiClient(configuration) as client:
            yield asked, client


def test_it_reads_login_events(sdk, served):
    _, client = served
    page = sdk.LoginHistoryApi(client).get_login_events_by_filter(count=3)
    assert (page.count, page.status, page.status_code) == (3, 0, 200)
    assert [event.action_id.value for event in page.response] == [1029, 1002, 1015]
    assert [event.user_id for event in page.response] == [UUID(ANNA), UUID(ANNA), UUID(BERT)]
    assert [event.var_date.utc_time for event in page.response] == [
        ago(hours=1),
        ago(hours=2),
        ago(hours=3),
    ]


def test_it_reads_audit_events(sdk, served):
    _, client = served
    page = sdk.AuditTrailDataApi(client).get_audit_events_by_filter(user_id=ANNA)
    (event,) = page.response
    assert (event.action_id.value, event.user_id) == (5064, UUID(ANNA))
    assert event.var_date.utc_time == ago(hours=1)


def test_it_lists_guests(sdk, served):
    _, client = served
    page = sdk.SearchApi(client).search_users_by_extended_filter(
        area=sdk.Area.Guests, sort_by="email", count=2
    )
    assert page.count == 2
    assert [guest.email for guest in page.response] == [
        "person.004@example.net",
        "person.005@example.net",
    ]
    assert page.response[0].is_visitor
    assert page.response[0].registration_date.utc_time == ago(days=300)


def test_it_reads_one_profile(sdk, served):
    _, client = served
    profiles = sdk.ProfilesApi(client)
    assert profiles.get_profile_by_user_id(ANNA).response.id == UUID(ANNA)
    assert profiles.get_self_profile().response.is_admin


def test_it_disables_people_and_puts_them_back(sdk, served):
    asked, client = served
    status = sdk.UserStatusApi(client)
    body = sdk.UpdateMembersRequestDto(user_ids=[ANNA, BERT], resend_all=False)
    changed = status.update_user_status(
        sdk.EmployeeStatus.Terminated, update_members_request_dto=body
    )
    assert [person.status.value for person in changed.response] == [2, 2]
    assert asked.world.people[ANNA].status is Status.TERMINATED
    back = status.update_user_status(sdk.EmployeeStatus.Active, update_members_request_dto=body)
    assert [person.status.value for person in back.response] == [1, 1]


def test_it_meets_a_refused_batch_as_a_403(sdk, served):
    asked, client = served
    body = sdk.UpdateMembersRequestDto(user_ids=[ANNA, OWNER], resend_all=False)
    with pytest.raises(sdk.exceptions.ForbiddenException):
        sdk.UserStatusApi(client).update_user_status(
            sdk.EmployeeStatus.Terminated, update_members_request_dto=body
        )
    assert asked.world.changes == []


def test_it_falls_over_an_event_of_a_later_release(sdk, served):
    asked, client = served
    asked.world.add_login(ANNA, int(ago(minutes=1).timestamp()), 1031)
    with pytest.raises(ValueError, match="1031"):
        sdk.LoginHistoryApi(client).get_login_events_by_filter()
