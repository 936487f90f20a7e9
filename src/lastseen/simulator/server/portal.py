"""A simulated portal in one object: a request goes in, an answer comes out, nothing waits.

It knows the order of things (faults, key, limits, scopes, endpoint) and leaves each of them to its
own file. No socket here: `server` puts one around it.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from lastseen.simulator.endpoints import login_history, sessions, trail
from lastseen.simulator.endpoints.dates import DateWriter, http_date
from lastseen.simulator.endpoints.login_history import AuditSettings
from lastseen.simulator.endpoints.own_key import build_version, list_keys, own_key, settings
from lastseen.simulator.endpoints.people_list import (
    people_filter,
    profile_by_email,
    profile_by_id,
    self_profile,
)
from lastseen.simulator.endpoints.people_status import Licence, change_status, read_user_ids
from lastseen.simulator.endpoints.wire import (
    HTML,
    JSON,
    Answer,
    Bare,
    Damage,
    Invalid,
    Outcome,
    Page,
    Refusal,
    Request,
    wrap,
    wrap_invalid,
    wrap_refusal,
)
from lastseen.simulator.server.call import Call
from lastseen.simulator.server.faults import NO_FAULTS, NO_MISHAP, FaultRates, Faults, InjectedFault
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.limits import Limiter, RateLimit
from lastseen.simulator.server.states import PortalState, refusal
from lastseen.simulator.world.clock import Clock
from lastseen.simulator.world.keys import ApiKey, make_key
from lastseen.simulator.world.oracle import DAY, EVERY_EVIDENCE, Truth
from lastseen.simulator.world.people import Status
from lastseen.simulator.world.release import Release
from lastseen.simulator.world.scenario import Scenario
from lastseen.simulator.world.world import Outage, World

API = "/api/2.0/"
_STATUS = "/api/2.0/people/status/"
_VERSION = "settings/version/build"
_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
_DISPOSED = Refusal(403, "Cannot access a disposed object.", "System.ObjectDisposedException")
# The clean-up never comes as near as this, however often it runs and whosever clock is ahead.
_DELETED_ONLY_BEYOND = 61 * DAY


@dataclass(frozen=True, slots=True)
class Put:
    """A request to change a status, as it arrived."""

    second: float
    status: str
    user_ids: tuple[str, ...]
    body: bytes
    answered: int
    """The status of the answer; 0 where none was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a portal is set up; everything but the world that it starts with."""

    filters: Filters = Filters.AFTER_WINDOW
    retention_days: int = 180
    """How long login events are kept, 1 to 180."""
    release: Release = Release.V3_7
    session_minutes: int | None = None
    """How long a session lives; None: until its sign-in event is deleted."""
    outages: Sequence[Outage] = ()
    """When a log was not written."""
    time_zone: str = "UTC"
    """The portal's zone, by its IANA name."""
    seed: int = 1
    """Decides on the order of equal seconds, on faults and on the secret of the key."""
    rate_limit: RateLimit | None = None
    faults: FaultRates = NO_FAULTS
    latency: float = 0.0
    """Seconds of a round trip: every answer takes one, a new connection one more."""
    keys: Sequence[ApiKey] | None = None
    """The API keys; `None` is one without limits, of the scenario's `key_account`."""


class SimulatedPortal:
    """One portal. Not safe for several threads at once."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        clock: Clock,
        setup: Setup | None = None,
        pace: Callable[[], float] | None = None,
    ) -> None:
        """Start from `scenario`, telling the time by `clock`.

        `pace` gives the seconds for the limits if `clock` does not advance.
        """
        self.setup = setup = setup or Setup()
        self.clock = clock
        self.audit = AuditSettings(setup.filters, nameless=setup.faults.rates.get("nameless", 0.0))
        self.licence = Licence()
        self.state = PortalState.ACTIVE
        """What it is going through."""
        self.world = World(
            scenario,
            retention_days=setup.retention_days,
            chance=random.Random(f"order {setup.seed}"),
            release=setup.release,
            session_minutes=setup.session_minutes,
            outages=setup.outages,
        )
        own = setup.keys or (make_key(scenario.key_account, setup.seed),)
        self.keys = {key.secret: key for key in (*own, *scenario.keys)}
        self.faults = Faults(setup.faults, random.Random(f"faults {setup.seed}"))
        self.limiter = Limiter(setup.rate_limit) if setup.rate_limit else None
        self.requests: Counter[str] = Counter()
        """How often each `METHOD path` was asked for."""
        self.puts: list[Put] = []
        """Every request to change a status."""
        self._pace = pace or self._now
        self._dates = DateWriter(setup.time_zone)
        self._order = random.Random(f"people {setup.seed}")

    @property
    def api_key(self) -> str:
        """The secret of the first key."""
        return next(iter(self.keys))

    def set_faults(self, rates: FaultRates) -> None:
        """Have other faults from now on."""
        self.faults.rates = rates
        self.audit.nameless = rates.rates.get("nameless", 0.0)

    def truths(self) -> list[Truth]:
        """Say what is really so for each person; the first key counts as the product's."""
        return self.world.truths(next(iter(self.keys.values())).account)

    def covered_days(self, evidence: Collection[str] = EVERY_EVIDENCE) -> float:
        """How far back this portal can prove that somebody was away, in days.

        By `evidence` of the kinds `sign-in` and `activity`. 0 where the section is hidden, and
        where a portal that ignores filters holds more events than the twenty that it shows.
        """
        if self.audit.section_hidden:
            return 0.0
        logs = [self.world.logins, *([self.world.trail] if "activity" in evidence else [])]
        if self.audit.filters is Filters.IGNORED and any(
            len(log) >= login_history.LATEST for log in logs
        ):
            return 0.0
        return float(self.world.login_days)

    def account_of(self, headers: Mapping[str, str]) -> str | None:
        """Find the id of the account that a request acts as; header names in lower case."""
        key = self._key(headers)
        return key.account if key else None

    def respond(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Answer one request. `path` and `query` are decoded; header names are in any case."""
        heads = {name.lower(): value for name, value in (headers or {}).items()}
        now = self._now()
        self.requests[f"{method} {path}"] += 1
        mishap = self.faults.draw(method) if path.startswith(API) else NO_MISHAP
        self._let_things_happen(mishap, now)
        self.world.settle(now)
        call = Call(method, path, query or {}, heads, body, mishap, now, self.world.release)
        answer = self._refuse_at_the_door(call) or self._work(call)
        if method == "PUT" and path.startswith(_STATUS):
            status = path.removeprefix(_STATUS)
            user_ids = tuple(read_user_ids(body))
            self.puts.append(Put(now, status, user_ids, body, answer.status))
        return answer

    def _refuse_at_the_door(self, call: Call) -> Answer | None:
        """Do what comes before any endpoint: connection, gateway, key, limits, scopes."""
        name = call.mishap.name
        if name == "reset":
            return self._finish(call, 0, b"", {}, damage=Damage.RESET)
        if name == "429":
            call.extra["Retry-After"] = str(self.faults.retry_after())
            return self._finish(call, 429, b"", {})
        # A gateway that gives up may do so before or after the portal has done the work.
        if name == "html-502" and (call.method == "GET" or self.faults.chance.random() < 0.5):
            return self._finish(call, 502, _BAD_GATEWAY, HTML)
        if name == "disposed" and call.method == "GET":
            return self._finish(call, 403, wrap_refusal(_DISPOSED), JSON)
        asks_version = call.method == "GET" and call.path == API + _VERSION
        key = self._key(call.headers)
        if key is None or not self._is_accepted(key, call.now):
            if asks_version:  # for which no key is needed
                return self._refuse_by_state(call) or self._version(call)
            return self._finish(call, 401, b"", {})
        if self.limiter is not None:
            verdict = self.limiter.judge(key.account, call.method, self._pace())
            call.extra.update(verdict.headers)
            if not verdict.passes:
                return self._finish(call, 429, b"", {})
        if not key.permits(call.method, call.path, call.release):
            return self._finish(call, 403, b"", {})
        call.account, call.key = self.world.people[key.account], key
        refused = self._refuse_by_state(call)
        return self._version(call) if asks_version and refused is None else refused

    def _version(self, call: Call) -> Answer:
        return self._finish(call, 200, wrap(build_version(call.release), "GET", ""), JSON)

    def _refuse_by_state(self, call: Call) -> Answer | None:
        found = refusal(self.state, call.method, call.path.removeprefix(API))
        return found and self._finish(call, found.status, found.body, found.kind)

    def _work(self, call: Call) -> Answer:
        """Ask the endpoint, wrap what it says, and spoil that where a fault wants it."""
        name = call.mishap.name
        stop_after: int | None = None
        unsaved: int | None = None
        if call.method == "PUT" and (named := len(read_user_ids(call.body))):
            if name in {"lost-answer", "disposed"}:
                stop_after = self.faults.chance.randint(1, named)
            elif name == "unsaved":
                unsaved = self.faults.chance.randrange(named)
        elif name == "unsaved":
            unsaved = 0
        shown = call.shown_url
        try:
            outcome = self._endpoint(call.request(), stop_after, unsaved)
        except Refusal as refusal:
            status, text, kind = refusal.status, wrap_refusal(refusal), JSON
        except Invalid as invalid:
            status, text, kind = 400, wrap_invalid(invalid, call.method, shown), JSON
        else:
            if isinstance(outcome, Bare):
                return self._finish(call, outcome.status, b"", {})
            if name == "cut-page" and isinstance(outcome, Page):
                outcome = self.faults.cut_page(outcome)
            status, text, kind = 200, wrap(outcome, call.method, shown), JSON
        if name == "lost-answer":
            return self._finish(call, 0, b"", {}, damage=Damage.LOST)
        if name == "disposed":
            return self._finish(call, 403, wrap_refusal(_DISPOSED), JSON)
        if name == "html-502":
            return self._finish(call, 502, _BAD_GATEWAY, HTML)
        if status == 200 and name == "empty-200":
            text = self.faults.empty(text)
        elif status == 200 and name == "other-shape":
            text = self.faults.other_shape(text)
        return self._finish(call, status, text, kind)

    def _finish(
        self,
        call: Call,
        status: int,
        text: bytes,
        kind: Mapping[str, str],
        *,
        damage: Damage = Damage.NONE,
    ) -> Answer:
        full = len(text)
        if call.mishap.name == "truncated" and text:
            text, damage = self.faults.truncate(text), Damage.TRUNCATED
        delay = self.setup.latency
        delay += self.faults.seconds_of_slowness() if call.mishap.slow else 0.0
        date = http_date(call.now + (self.faults.skew_seconds if call.mishap.skewed else 0))
        headers = {**kind, "Server": "openresty", "Date": date, **call.extra}
        if call.mishap.undated:
            del headers["Date"]
        return Answer(status, headers, text, damage, full, delay)

    def _endpoint(self, request: Request, stop_after: int | None, unsaved: int | None) -> Outcome:
        world, audit, dates = self.world, self.audit, self._dates
        path = request.path
        if request.method == "GET":
            match path.removeprefix(API):
                case "security/audit/login/filter":
                    return login_history.login_filter(world, audit, request, dates)
                case "security/audit/login/last":
                    return login_history.latest_logins(world, audit, request, dates)
                case "security/audit/events/filter":
                    return trail.trail_filter(world, audit, request, dates)
                case "security/audit/events/last":
                    return trail.latest_trail(world, audit, request, dates)
                case "security/audit/settings/lifetime":
                    return login_history.lifetimes(world, audit, request)
                case "people/filter":
                    return people_filter(world, request, dates, self._order)
                case "people/@self":
                    return self_profile(world, request, dates)
                case "people/email":
                    return profile_by_email(world, request, dates)
                case "settings/cookiesettings":
                    return sessions.cookie_settings(world, request)
                case "settings":
                    return settings(self.setup.time_zone)
                case "keys":
                    return list_keys(world, request, dates, self.keys.values())
                case "keys/@self":
                    return own_key(world, request, dates)
                case wanted if wanted.startswith("people/") and wanted.count("/") == 1:
                    return profile_by_id(world, request, dates, wanted.removeprefix("people/"))
        if request.method == "PUT" and path.startswith(_STATUS):
            return change_status(
                world,
                request,
                dates,
                wanted=path.removeprefix(_STATUS),
                licence=self.licence,
                stop_after=stop_after,
                unsaved=unsaved,
            )
        if request.method == "PUT" and path == API + "settings/cookiesettings":
            return sessions.set_cookie_settings(world, request)
        if request.method == "PUT" and path.startswith(API + sessions.LOG_OUT_ALL):
            wanted = path.rpartition("/")[2]
            return sessions.log_out_all(world, request, wanted, is_saved=unsaved is None)
        return Bare(404)

    def _let_things_happen(self, mishap: InjectedFault, now: float) -> None:
        if mishap.arrivals:
            many = self.faults.chance.random() < 0.1
            number = self.faults.chance.randint(50, 150) if many else 1
            self.world.arrive(now, number)
        if mishap.deletions:
            number = self.faults.chance.randint(1, 50)
            self.world.logins.forget_oldest(number, before=int(now) - _DELETED_ONLY_BEYOND)

    def _is_accepted(self, key: ApiKey, now: float) -> bool:
        """Whether a key still works: its owner may be gone or disabled.

        The portal notes the use of a key before it looks at the owner (`ApiKeyManager.cs`).
        """
        expired = key.expires is not None and key.expires <= now
        if not key.is_active or expired:
            return False
        self.world.key_uses[key.account] = int(now)
        person = self.world.people.get(key.account)
        return person is not None and person.status is Status.ACTIVE

    def _key(self, headers: Mapping[str, str]) -> ApiKey | None:
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        return self.keys.get(secret.strip()) if scheme == "Bearer" else None

    def _now(self) -> float:
        return self.clock().timestamp()
