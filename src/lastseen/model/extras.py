"""What to do if a package of one of Lastseen's extras is not installed."""


def install_extra(extra: str) -> str:
    """Return how to add the extra, for both pipx and a virtual environment."""
    return (
        f"install Lastseen again with its extra `{extra}`, from the same clone: "
        f"`pipx install --force '.[{extra}]'`, or `pip install '.[{extra}]'` in its virtual "
        "environment"
    )
