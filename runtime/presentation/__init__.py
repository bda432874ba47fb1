"""Results as people see them: tables, pages and small pictures of a notebook. Knows no atom."""
