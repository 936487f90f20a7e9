"""The portal and the ledger of the tests of carrying out."""

from tests.unit.execution.conftest import ledger as ledger
from tests.unit.execution.conftest import portal as portal
