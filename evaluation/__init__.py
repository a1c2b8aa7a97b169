"""Numbers anyone can check: timings, suites, replays."""
