# %% a key that is not there
ages = {"Ada": 36, "Alan": 41}
print(ages["Ada"])
# %% counting letters
def count_letters(word):
    counts = {}
    for letter in word.lower():
        counts[letter] = counts.get(letter, 0) + 1
    return counts
