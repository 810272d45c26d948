"""What the pages of the desk show: rows of the database turned into the words of the rules, a page at a time."""
