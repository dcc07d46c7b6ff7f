"""⑤b The one gate that every suggestion passes, whoever proposes it, and the open requests to the tutor."""
