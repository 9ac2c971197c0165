"""One file per page: its view, and how it is filled from the console's answers."""
