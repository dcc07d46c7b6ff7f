months = ["Jan", "Feb", "Mar", "Apr"]
rain = [49, 40, 58, 72]

figure, ax = plt.subplots(figsize=(5, 3))  # no mutants: any size will do
ax.bar(months, rain)
ax.set_title("Rain in Bergen")
ax.set_ylabel("rain in mm")
