"""The tutor agent: rules first, a language model where one is configured."""
