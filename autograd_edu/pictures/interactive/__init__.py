"""Pictures one can step through, on a page and in a terminal."""
