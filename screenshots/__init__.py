"""Pictures of the app, each made by driving it."""
