"""The MCP door: any agent works in the live notebooks as a visible collaborator. Imports nothing by itself."""
