"""What is shown outside: pages and pictures in which no stranger has a face."""
