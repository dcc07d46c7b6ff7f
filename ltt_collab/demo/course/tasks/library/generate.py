"""Loans that change from attempt to attempt."""


def loans(random):
    for count in (1, 6):
        books = (random.randint(1, 5) for _ in range(count))
        values = ", ".join(f"({book}, 'Edsger')" for book in books)
        yield f"DELETE FROM loans; INSERT INTO loans (book_id, reader) VALUES {values};"
