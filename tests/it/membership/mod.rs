//! From a phone call to a membership, and out of it again: the use cases, on a real database.

mod departures;
mod people;
mod transfers;
mod validation;
