SELECT books.title, COUNT(loans.id) AS lent
FROM books
LEFT JOIN loans ON loans.book_id = books.id
GROUP BY books.id
ORDER BY lent DESC, books.title
