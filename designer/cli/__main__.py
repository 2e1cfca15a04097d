"""`python -m designer.cli`, where no `designer` is installed as a program."""

from designer.cli import main

main()
