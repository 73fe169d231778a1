//! Every row of the table has a value that it finds and one that it does not.
