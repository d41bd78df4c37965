"""The local stack: what a fresh clone runs on when nothing else is installed. Imports no Django."""
