"""What tests share: timetables in London time."""
