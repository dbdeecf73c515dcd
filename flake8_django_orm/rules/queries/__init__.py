"""Family 5: how a queryset is written and asked (DJQ5xx)."""
