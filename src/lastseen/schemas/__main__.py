"""Rewrites the shipped JSON Schemas: `python -m lastseen.schemas`, in a checkout."""

import sys
from pathlib import Path

from lastseen.schemas import SCHEMAS, generated_schema

if __name__ == "__main__":
    for name in SCHEMAS:
        file = Path(__file__).with_name(f"{name}.json")
        file.write_bytes(generated_schema(name))
        sys.stdout.write(f"{file}\n")
