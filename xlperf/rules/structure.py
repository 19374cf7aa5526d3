"""The set of indicators: what is missing, doubled, misfiled or too heavy."""
