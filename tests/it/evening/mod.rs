//! The relay's evening as a whole (product.md §4 to §6): what comes in by imports, what the phone work makes of it, and that
//! the one never undoes the other.

mod codes;
mod cycle;
mod late;
mod told;
mod uploads;
mod zoning;
