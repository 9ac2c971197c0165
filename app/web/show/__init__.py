"""From what is known to what is shown: each module fills the views of one page. Reads our own tables only."""
