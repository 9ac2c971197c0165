from hypothesis import settings

# No deadline: how long one example takes says nothing on a machine that others use too.
settings.register_profile("sailpass", deadline=None)
settings.load_profile("sailpass")
