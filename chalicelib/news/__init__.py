"""What Muster says in chats, as text and data."""
