//! maillage
