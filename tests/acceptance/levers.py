"""What a test may see and change of a simulated portal, beside its API."""

import json
from typing import Any
from urllib.request import Request, urlopen


def ask(portal: Any, what: str) -> Any:
    """Return `truth`, `requests`, `puts` or `changes` of the portal."""
    with urlopen(f"{portal.url}/simulator/{what}") as answer:
        return json.load(answer)


def tell(portal: Any, what: str, content: dict[str, Any]) -> None:
    """Pull a lever: `events`, `status`, `settings` or `forget`."""
    body = json.dumps(content).encode()
    with urlopen(Request(f"{portal.url}/simulator/{what}", body, method="POST")) as answer:
        answer.read()


def statuses(portal: Any) -> dict[str, str]:
    """Return everybody's status by e-mail address."""
    return {person["email"]: person["status"] for person in ask(portal, "truth")["people"]}
