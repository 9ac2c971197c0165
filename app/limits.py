"""Limits of AWS that several layers need."""

from __future__ import annotations

POLICY_CHARACTERS = 10_240
"""Of a repository policy, as it is sent; the `RepositoryPolicyText` shape of ECR's model."""
