//! maillage
fn main() {}
