"""`python -m runspan`: the same as the command `runspan`."""

from runspan.cli import main

if __name__ == "__main__":
    main(prog_name="runspan")
