"""How fast it is: measured on published packages and, where a path is given, on any checkout. See `README.md`."""
