"""An offline Stripe on loopback: what a clone without a Stripe key pays with. No real money, not Stripe."""
