"""Documents as JSON, for programs; the plan's form is a contract (`schemas/plan-1.json`)."""

from lastseen.model.json_text import indented
from lastseen.model.plan import Plan
from lastseen.model.plan_document import encode_plan
from lastseen.reports.interface import PlanContext


class JsonPlan:
    """The plan as `apply` reads it."""

    endings = (".json",)

    def render(self, plan: Plan, context: PlanContext) -> bytes:
        """Return the plan's JSON form, indented, in UTF-8."""
        return encode_plan(plan)


def json_document(content: object) -> bytes:
    """Return any other struct's JSON form, indented for people, ending in a newline."""
    return indented(content)
