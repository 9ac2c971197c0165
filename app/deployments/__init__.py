"""Deployments, pure: what a request makes of the current one, what differs between two, and which images can be deployed."""
