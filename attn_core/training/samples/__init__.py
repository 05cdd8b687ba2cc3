"""The examples that the app brings along."""
