"""The text of `docs/safety.md` around the tables; no date and no machine's name in it."""


def document(table: str, *, portals: int, command: str) -> str:
    """Return the whole document with `table` in it; `command` are the arguments that printed it."""
    return _TEXT.format(table=table, portals=f"{portals:,}", command=command)


_TEXT = """\
# Safety

Lastseen takes access away from people. This is how it was tried to make it do so wrongly.

## The campaign

`python -m campaigns.safety` generates portals, lets Lastseen's real client review them over the
simulator's request handling (virtual time, no sockets), and compares every decision with what the
simulator itself recorded. The comparison knows nothing of Lastseen's own evidence.

- **People**: daily visitors, one sign-in in the whole window, sessions of months that show in the
  activity trail only, attacked accounts with and without their owner, people at the edge of the
  window to the second, never seen, away for long, unknown events, sign-outs only, dates ahead of
  the clock, work that the portal writes down late, people who come back between review and apply;
  people who only read, by a session that lives or has ended, by an application or by an API key;
  new, disabled, exempt, protected and out-of-contract accounts. Administrators put people back by
  hand, invite them again and send activations again, before the first review and between reviews;
  invitations that nobody accepts are younger and older than `pending_days`.
- **Portals**: releases 3.1, 3.5, 3.6 and 3.7; sessions without a limit, and with one that always
  held or was set lately; the three ways of treating filters, changing between reviews, in the
  middle of one, there and back, and from request to request; logs from empty to thousands of
  events, whole companies in one second; lifetimes of 7 to 180 days, lowered and raised again; time
  zones and the nights on which clocks change; clocks that differ; limits on requests.
- **Dead logs**: on a fifth of the portals silence counts (`log_silence_days = 7`), and on most of
  those the sign-in log, the trail or both stop for a day to months, for good or until they are
  written again; some cross the limit while a plan waits. What happens meanwhile is lost to every
  client and known to the comparison. On the other portals silence means nothing, so that logs can
  be as empty as they like.
- **Faults**: each of the simulator's, alone and together, on up to a fifth of all requests: resets,
  gateway errors, 429, lost and truncated answers, empty and misshapen bodies, pages with entries
  missing, slow answers, a wrong `Date`, events that arrive and entries that are deleted meanwhile.
- **Reviews**: once, again after hours or weeks on the same ledger, interrupted at a random request
  and done again, two at the same time; many plans are carried out afterwards, with the recheck.
  Each policy of `open_sessions` on a third of the portals; with `sign-out` sessions are ended and
  people reviewed again before and after `return_days`.

What the words in the tables mean:

- *Wrongful*: disabled although the person was there less than the policy's days before the plan's
  instant, by anything that the portal had written when the review began, or may not be touched.
  Under `hold` and `sign-out` a reading that no log shows counts as well, unless the person's
  sessions were ended after it and `return_days` have passed without another visit. So does what a
  log lost while it had stopped for longer than `log_silence_days`.
- *Reading, disabled*: people who only read in the window, which no log shows. `report` disables
  them and must mark them (`session_may_be_open`).
- *Missed*: kept although the person was away for long enough.
- *Held though whole*: not decided although the portal's lifetimes, audit option and logs would have
  let the absence be proven and nothing went wrong. Not counted: more than 97 events in one second,
  which no page can show with their surroundings; a change of lifetimes less than a day before the
  window, since nobody can tell how short they were; a lifetime that ends within two seconds of
  where the window begins, since the portal tells its clock in whole seconds; somebody who crosses
  the window's edge while the review is under way; somebody whose newest entry is dated ahead of
  the clock, as on the night that turns clocks back. A hold for an open session counts where the
  sign-in log, the limit of sessions and the trail show that none can have been open. Where a log
  really was silent for longer than `log_silence_days`, also from before it begins, a hold is
  right; with `never_seen = "keep"` so it is where that fell into `lookback_days`.
- *Held in trouble*: the same with a fault, a change of the portal's ways, a limit or a difference
  of clocks during the review. Nothing is taken from anybody by that.
- *Disabled though nothing can have proven it*: the decision may be right, the evidence was not
  there. Nobody's absence is proven by a log that had stopped.

Left out as undetectable by anyone:

- entries that a portal deletes long before their lifetime is over (the simulator does so from the
  sixty-first day on), where the window reaches as far or an open session began then;
- who was disabled by hand and put back while no review came as far as to see it;
- who authorised an application at a time that the sign-in log does not show, or no longer;
- what a log lost over a pause no longer than `log_silence_days`, or before the log begins;
- what administrators did at a time that a portal without the audit option no longer shows.

The same portals are given, at their beginning, to a clean-up that behaves as the vendor's sample
does: as it is, and with the dates mended that the portal refuses.

## Results

{portals} portals:

```sh
python -m campaigns.safety {command}
```

{table}
## Answers that nobody expects

`python -m campaigns.fuzz` mutates real answers: other types, nulls, huge numbers, deep nesting,
broken UTF-8, wrong lengths, doubled keys, dates in every form, entries left out, doubled or moved,
envelopes that contradict themselves. Through the wire layer nothing but a value or a refusal may
come out; through a whole review, in which one answer is mutated, no decision to disable that the
honest portal would not have given. A mutation that leaves a consistent but different history (an
event with an earlier date, another person's id, another action) is excluded there: such a page is
what an honest portal with that history would send, and no client can tell.

## What was found

Failures of the campaign are shrunk and kept by name in `tests/campaigns/regressions`.
"""
