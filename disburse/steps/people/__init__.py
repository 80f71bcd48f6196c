"""How people come in and leave: sign-in, second factor, sessions, passwords."""
