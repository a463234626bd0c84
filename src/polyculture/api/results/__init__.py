"""Tables of results: recipes trained one after the other, and what each reached."""
