"""Pure rules of the meeting room: no ORM, no request, no clock read inside."""
