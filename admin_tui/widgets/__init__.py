"""What screens are made of. Widgets get data and say what was done to them; they ask nobody."""
