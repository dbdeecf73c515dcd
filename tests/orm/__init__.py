"""Oracle tests: every line of the tables in `flake8_django_orm/orm/` is asked of the real Django."""
