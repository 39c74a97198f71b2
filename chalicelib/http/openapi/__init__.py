"""What the API says of itself: the table of its operations, the words, and the document made of both."""
