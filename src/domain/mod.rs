//! What decides: pure, synchronous, tested as values.
pub mod territory;
