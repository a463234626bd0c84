"""How alike architectures are, each with each and community with community."""
