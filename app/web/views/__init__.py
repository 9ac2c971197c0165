"""One file per page: what it shows, and what fills it from the console's answers."""
