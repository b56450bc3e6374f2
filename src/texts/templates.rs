//! stub
/// Texts.
#[derive(Debug)]
pub struct Texts;
