"""Patterns for the texts that programs send."""

# Control characters are in no name, and some databases refuse them.
TEXT = r"^[^\x00-\x1f]*$"
REGION = r"^[a-z]{2}(-[a-z]+)+-\d$"
FINGERPRINT = r"^[0-9a-f]{32}$"
