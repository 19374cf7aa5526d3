"""Speed and memory, as ratios to the peers on the same work, measured in one run."""
