"""``python -m scantriage``."""

from scantriage.cli import main

if __name__ == "__main__":
    main()
