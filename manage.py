#!/usr/bin/env python
"""Django's command line, with the embedded database brought up first where no other is named."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed for this Python. Run `make install` once, then .venv/bin/python manage.py …"
        ) from error
    from config.local.errors import LocalStackError
    from config.local.postgres import use_default

    try:
        use_default()
    except LocalStackError as error:
        raise SystemExit(str(error)) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
