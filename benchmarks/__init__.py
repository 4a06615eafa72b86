"""What recording costs: one workload, contenders side by side, ratios. `make bench` runs all of it."""
