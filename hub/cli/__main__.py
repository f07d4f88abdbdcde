"""`python -m hub.cli`: the same as `orderhub`, where the script is not on the path."""

from hub.cli.app import main

main()
