"""The shapes of the JSON that programs send and get. Field names and codes stay as they are; sentences may change."""
