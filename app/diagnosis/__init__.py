"""Why a container service can't pull an image, or why the image doesn't run: facts read from AWS, and pure decisions."""
