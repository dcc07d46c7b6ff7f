def initials(name):
    letters = ""
    for word in name.split():
        letters = letters + word[0].upper()
    return letters
