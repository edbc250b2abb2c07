from hypothesis import HealthCheck, settings

# A busy machine is not a slow rule.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
