"""The text of `docs/safety.md` around the tables; no date and no machine's name in it."""


def document(table: str, *, portals: int, command: str) -> str:
    """Return the whole document with `table` in it; `command` are the arguments that printed it."""
    return _TEXT.format(table=table, portals=f"{portals:,}", command=command)


_TEXT = """\
# Safety

Lastseen takes access away from people. This page describes the attempts to make it do so wrongly.

## The campaign

`python -m campaigns.safety` generates portals, lets Lastseen's real client review them over the
simulator's request handling (virtual time, no sockets), and compares every decision with what the
simulator itself recorded. The comparison is independent of Lastseen's own evidence.

- **People**: daily visitors, one sign-in in the whole window, months-long sessions that appear only
  in the activity trail, attacked accounts with and without their owner, people at the edge of the
  window to the second, never seen, long absent, unknown events, sign-outs only, dates ahead of
  the clock, work that the portal logs late, people who come back between review and apply;
  people who only read, in an open or ended session, through an application or an API key;
  new, disabled, exempt, protected and out-of-contract accounts. Administrators reinstate people by
  hand, invite them again and send activations again, before the first review and between reviews;
  invitations that nobody accepts are younger and older than `pending_days`.
- **Portals**: releases 3.1, 3.5, 3.6 and 3.7; sessions without a limit, and with one that always
  applied or was set recently; the three ways of treating filters, changing between reviews, in the
  middle of one, there and back, and from request to request; logs from empty to thousands of
  events, whole companies in one second; lifetimes of 7 to 180 days, lowered and raised again; time
  zones and the nights on which clocks change; clocks that differ; limits on requests.
- **Dead logs**: on a fifth of the portals silence counts (`log_silence_days = 7`), and on most of
  those the sign-in log, the trail or both stop for a day to months, permanently or until they
  are written again; some cross the limit while a plan waits. What happens meanwhile is lost to
  every client but known to the comparison. On the other portals silence means nothing, so that
  logs can be as empty as they like.
- **Faults**: each of the simulator's, alone and together, on up to a fifth of all requests: resets,
  gateway errors, 429, lost and truncated answers, empty and misshapen bodies, pages with entries
  missing, slow answers, a wrong `Date`, events that arrive and entries that are deleted meanwhile.
- **Reviews**: once, again after hours or weeks on the same ledger, interrupted at a random request
  and repeated, two at the same time; many plans are carried out afterwards, with the recheck.
  Each value of `open_sessions` is used on a third of the portals; with `sign-out` sessions are
  ended and people reviewed again before and after `return_days`.

The terms in the tables:

- *Wrongful*: disabled although the person is protected, or was seen less than the policy's days
  before the plan's instant in anything that the portal had written when the review began.
  Under `hold` and `sign-out` reading that no log shows counts as well, unless the person's
  sessions were ended after it and `return_days` have passed without another visit. So does what a
  log lost while it had stopped for longer than `log_silence_days`.
- *Reading, disabled*: people who only read in the window, which no log shows. `report` disables
  them and must mark them (`session_may_be_open`).
- *Missed*: kept although the person was absent long enough.
- *Held though whole*: not decided although the portal's lifetimes, audit option and logs were
  enough to prove the absence and nothing went wrong. Not counted: more than 97 events in one
  second, which no page can show with the entries around them; a change of lifetimes less than a
  day before the window, since it is unknown how short they were; a lifetime that ends within two
  seconds of the start of the window, since the portal gives its clock in whole seconds; somebody
  who crosses the window's edge during the review; somebody whose newest entry is dated ahead of
  the clock, as in the night when clocks go back. A hold for an open session counts if the sign-in
  log, the limit of sessions and the trail show that none can have been open. If a log really was
  silent for longer than `log_silence_days`, even before its first entry, a hold is right; with
  `never_seen = "keep"` also if that was within `lookback_days`.
- *Held in trouble*: the same with a fault, a change of the portal's behaviour, a limit or a clock
  difference during the review. It costs nobody their access.
- *Disabled though nothing can have proven it*: the decision may be right, but there was no evidence
  for it. A log that had stopped proves nobody's absence.

Left out as undetectable by anyone:

- entries that a portal deletes long before their lifetime ends (the simulator does so after 60
  days), if the window reaches that far back or an open session began then;
- people who authorised an application at a time that the sign-in log does not, or no longer, show;
- what a log lost over a pause no longer than `log_silence_days`, or before the log begins;
- what administrators did at a time that a portal without the audit option no longer shows.

The same portals, in their initial state, are also given to a clean-up that behaves like the
vendor's sample: unchanged, and with the dates corrected that the portal refuses.

## Results

{portals} portals:

```sh
python -m campaigns.safety {command}
```

{table}
## Unexpected answers

`python -m campaigns.fuzz` mutates real answers: other types, nulls, huge numbers, deep nesting,
broken UTF-8, wrong lengths, duplicate keys, dates in every form, entries left out, duplicated or
moved, envelopes that contradict themselves. The wire layer must return a value or refuse. A whole
review in which one answer is mutated must not disable anyone whom it would not disable on the
honest portal. A mutation that leaves a consistent but different history (an event with an earlier
date, another person's id, another action) is excluded there: an honest portal with that history
would send the same page, and no client can see the difference.

## What was found

Failures found by the campaign are shrunk and kept as named tests in `tests/campaigns/regressions`.

The tables above are of the largest run on record. On two of its portals the comparison itself was
wrong, and is mended since: it measured the silence of a log by the portal's clock only, and left
out that a recheck may meet more entries in one second than a page shows. `report` disables people
who only read, since no log shows them, and marks them; `hold` and `sign-out` are for portals on
which that matters.
"""
