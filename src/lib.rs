//! maillage

#[cfg(feature = "demo")]
pub mod loopback;
