//! All French wording: small functions from typed facts to text.
/// Postal codes, basins, `maillage territoires`.
pub mod territories;
