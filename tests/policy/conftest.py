from hypothesis import HealthCheck, settings

# No deadlines: how long an example takes, or the making of one, says nothing on a machine that others use too.
settings.register_profile("sailpass", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sailpass")
