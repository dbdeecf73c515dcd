"""Family 4: what a class body fixes once and for all (DJQ4xx)."""
