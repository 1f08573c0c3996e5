"""ONE FILE, ONE NEIGHBOUR, ONE CLIENT LIBRARY: each turns its errors into ours."""
