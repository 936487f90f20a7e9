"""`python -m lastseen` is the command; nothing else belongs here."""

from lastseen.cli.main import main

if __name__ == "__main__":
    main()
