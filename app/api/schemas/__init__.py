"""The JSON schemas of requests and responses. Field names and codes are permanent; sentences may change."""
