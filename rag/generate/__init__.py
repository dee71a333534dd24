"""Language models: endpoints, and what is asked of them."""
