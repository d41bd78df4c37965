"""How each language writes dates."""
