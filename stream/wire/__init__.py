"""HOW IT LOOKS AS BYTES: canonical event, profile, transition and membership; pure, held by golden files."""
