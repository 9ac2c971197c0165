"""What is wrong or suspicious about access, kept per repository so that a page never parses a policy."""
