apples = 3
pears = 4
print("Pieces of fruit:", apples + pears)
