"""Cost targets against the budget, and amounts against the form's money unit."""
