# %% the last one
colours = ["red", "green", "blue"]
last = colours[-1]
print(last)
# %% without the ends
def middle(items):
    return items[1:-1]
