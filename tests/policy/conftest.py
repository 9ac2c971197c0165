from hypothesis import settings

# No deadline: how long one example takes says nothing on a machine that others use too.
settings.register_profile("sailpass", deadline=None, max_examples=60)
settings.load_profile("sailpass")
