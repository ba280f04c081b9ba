"""Values and project files become what is built: plan, Dockerfile, context."""
