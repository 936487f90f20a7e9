import asyncio

from lastseen.execution.context import ExecutionContext, Pace, identify_actor


def test_work_continues_until_somebody_asks_it_to_stop(portal, ledger):
    stop = asyncio.Event()
    context = ExecutionContext(portal=portal, ledger=ledger, clock=portal.clock, stop=stop)
    assert not context.stop_asked
    stop.set()
    assert context.stop_asked
    assert not ExecutionContext(portal=portal, ledger=ledger, clock=portal.clock).stop_asked


def test_the_journal_is_written_in_the_name_of_the_keys_account(portal, ledger):
    context = ExecutionContext(portal=portal, ledger=ledger, clock=portal.clock)

    own = asyncio.run(identify_actor(context))

    assert own == portal.own
    assert ledger.actor.account == "owner@example.com"


def test_by_default_a_request_changes_a_hundred_people():
    assert Pace().batch == 100
