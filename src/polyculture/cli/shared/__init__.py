"""What commands share: the door, help, progress, limits; no command lies here."""
