CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT NOT NULL, author TEXT NOT NULL);
CREATE TABLE loans (id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES books (id), reader TEXT NOT NULL);
INSERT INTO books (id, title, author) VALUES (1, 'Momo', 'Michael Ende'), (2, 'Emma', 'Jane Austen');
