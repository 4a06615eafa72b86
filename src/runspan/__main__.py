"""`python -m runspan`: the command line. Knows nothing of the commands."""

from runspan.cli import main

if __name__ == "__main__":
    main(prog_name="runspan")
