/// A database of its own for one test.
pub struct Database;
