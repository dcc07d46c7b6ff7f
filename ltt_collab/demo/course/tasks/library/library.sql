CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL, author TEXT NOT NULL);
CREATE TABLE loans (id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES books (id), reader TEXT NOT NULL);

INSERT INTO books (id, title, author) VALUES
    (1, 'Emma', 'Jane Austen'),
    (2, 'Momo', 'Michael Ende'),
    (3, 'Dune', 'Frank Herbert'),
    (4, 'Walden', 'Henry David Thoreau'),
    (5, 'Kindred', 'Octavia Butler');

INSERT INTO loans (book_id, reader) VALUES
    (2, 'Ada'), (2, 'Alan'), (2, 'Grace'),
    (3, 'Ada'), (3, 'Linus'),
    (5, 'Radia'), (5, 'Ada'),
    (1, 'Grace');
