"""`python -m crab`."""

try:
    from crab.cli.app import main
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] == "crab":
        raise
    from crab.cli import bare

    bare.main(error.name)

main()
