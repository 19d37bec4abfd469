"""`python -m wngan`: the command line of `wngan.cli`."""

from wngan.cli import main

if __name__ == "__main__":
    main()
