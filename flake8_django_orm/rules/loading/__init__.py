"""Family 1: relations and rows fetched one by one (DJQ1xx)."""
