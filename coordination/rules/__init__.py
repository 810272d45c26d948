"""Pure rules of the desk and the slots: no ORM, no request, no clock read inside (the instant is an argument)."""
