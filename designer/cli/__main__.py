"""`python -m designer.cli`, where no `designer` is installed as a program."""

from designer.cli import main

if __name__ == "__main__":
    main()
