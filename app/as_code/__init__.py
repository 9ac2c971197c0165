"""Writes access to a repository as Terraform and CloudFormation. Pure: reads nothing, runs nothing."""
