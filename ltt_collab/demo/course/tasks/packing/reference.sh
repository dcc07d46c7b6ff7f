mkdir trip
cd trip
echo tent > packing.txt
echo lamp >> packing.txt
echo soap >> packing.txt
cp packing.txt copy.txt
wc -l packing.txt > count.txt
