"""`python -m wngan`, and the command `wngan`: the command line of `wngan.cli`."""

import sys


def main() -> None:
    """Runs the command line, or says what has to be installed for it."""
    try:
        from wngan import cli
    except ModuleNotFoundError as error:
        sys.exit(f"wngan: {error.name} is not installed; try: pip install '.[cli]' in a clone")
    cli.main()


if __name__ == "__main__":
    main()
